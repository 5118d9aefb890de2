package sequence

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestSpace(t *testing.T) {
	const top = 1<<32 - 1
	count := func(first, n uint32) []uint32 {
		var s []uint32
		for i := range n {
			s = append(s, first+i)
		}
		return s
	}
	join := func(parts ...[]uint32) (s []uint32) {
		for _, p := range parts {
			s = append(s, p...)
		}
		return s
	}
	for name, c := range map[string]struct {
		numbers                             []uint32
		lost, reordered, duplicated, resets uint64
		usable                              bool
	}{
		"none":                         {nil, 0, 0, 0, 0, false},
		"one":                          {count(7, 1), 0, 0, 0, 0, false},
		"in order":                     {count(7, 100), 0, 0, 0, 0, true},
		"a gap of three":               {join(count(0, 10), count(13, 10)), 3, 0, 0, 0, true},
		"wraps":                        {count(top-5, 20), 0, 0, 0, 0, true},
		"a gap over the wrap":          {[]uint32{top - 1, 2, 3}, 3, 0, 0, 0, true},
		"late over the wrap":           {[]uint32{top - 1, 1, top, 0, 2}, 0, 2, 0, 0, true},
		"late":                         {[]uint32{0, 1, 4, 2, 3, 5}, 0, 2, 0, 0, true},
		"before the first":             {[]uint32{10, 9, 11}, 0, 1, 0, 0, true},
		"twice":                        {[]uint32{0, 1, 1, 2, 0}, 0, 0, 2, 0, true},
		"the first twice":              {[]uint32{5, 5, 6}, 0, 0, 1, 0, true},
		"late, twice":                  {[]uint32{0, 2, 1, 1}, 0, 1, 1, 0, true},
		"begins anew at zero":          {join(count(1e6, 100), count(0, 100)), 0, 0, 0, 1, true},
		"begins anew far ahead":        {join(count(0, 100), count(1e9, 100)), 0, 0, 0, 1, true},
		"begins anew out of order":     {join(count(1e6, 100), []uint32{1, 0, 2}), 0, 0, 0, 1, true},
		"one stray":                    {join(count(0, 100), []uint32{1 << 30}, count(100, 100)), 0, 0, 0, 0, true},
		"as far as a jump can be":      {[]uint32{0, MaxGap, MaxGap + 1}, MaxGap - 1, 0, 0, 0, true},
		"one further":                  {[]uint32{0, MaxGap + 1, MaxGap + 2}, 0, 0, 0, 1, true},
		"always zero":                  {make([]uint32, 1000), 0, 0, 0, 0, false},
		"zero, and then it is counted": {join(make([]uint32, 1000), count(1, 100)), 0, 0, 0, 0, true},
		"the same ever so late":        {join(count(0, 2000), []uint32{2000 - window}), 0, 0, 1, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			var s Space
			for _, n := range c.numbers {
				s.Observe(n)
			}
			if s.Lost != c.lost || s.Reordered != c.reordered || s.Duplicated != c.duplicated || s.Resets != c.resets || s.Usable() != c.usable {
				t.Errorf("lost %d, reordered %d, duplicated %d, resets %d, usable %t; want %d, %d, %d, %d, %t",
					s.Lost, s.Reordered, s.Duplicated, s.Resets, s.Usable(), c.lost, c.reordered, c.duplicated, c.resets, c.usable)
			}
			if s.Packets != uint64(len(c.numbers)) {
				t.Errorf("%d packets, want %d", s.Packets, len(c.numbers))
			}
		})
	}
}

// Two spaces that were taken for one, and numbers without a sense, must not be believed.
func TestSpaceUnusable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var mixed, noise Space
	for i := range uint32(1000) {
		mixed.Observe(i)
		mixed.Observe(1<<30 + i)
		noise.Observe(random.Uint32())
	}
	if mixed.Usable() || noise.Usable() {
		t.Errorf("mixed spaces usable: %t; noise usable: %t", mixed.Usable(), noise.Usable())
	}
}

// TestSpaceModel compares with a model that remembers everything: packets are lost, doubled and put out of order by less than the
// window, around any number. The first and the second packet stay where they are, because what comes before the first is not missed.
func TestSpaceModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.OneOf(rapid.Uint32(), rapid.Uint32Range(1<<32-500, 1<<32-1)).Draw(t, "first")
		fates := rapid.SliceOfN(rapid.IntRange(0, 9), 2, 500).Draw(t, "fates")
		sent := []uint32{first, first + 1}
		lost := map[uint32]bool{}
		for i, fate := range fates {
			n := first + 2 + uint32(i)
			switch fate {
			case 0:
				lost[n] = true
			case 1:
				sent = append(sent, n, n)
			default:
				sent = append(sent, n)
			}
		}
		for _, swap := range rapid.SliceOfN(rapid.IntRange(2, 600), 0, 40).Draw(t, "swaps") {
			if swap+7 < len(sent) {
				sent[swap], sent[swap+7] = sent[swap+7], sent[swap]
			}
		}
		var s Space
		var reordered, duplicated uint64
		seen, top := map[uint32]bool{}, first
		for _, n := range sent {
			s.Observe(n)
			switch {
			case seen[n]:
				duplicated++
			case int32(n-top) < 0:
				reordered++
			default:
				top = n
			}
			seen[n] = true
		}
		var missing uint64
		for n := range lost {
			if int32(n-top) < 0 {
				missing++
			}
		}
		if s.Lost != missing || s.Reordered != reordered || s.Duplicated != duplicated || s.Resets+s.Strays != 0 || !s.Usable() {
			t.Fatalf("lost %d, reordered %d, duplicated %d, resets %d, strays %d, usable %t; the model has lost %d, reordered %d, duplicated %d",
				s.Lost, s.Reordered, s.Duplicated, s.Resets, s.Strays, s.Usable(), missing, reordered, duplicated)
		}
	})
}
