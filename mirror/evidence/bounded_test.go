package evidence

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

type number uint32

func (n number) spell(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }

// What is asked for is found as it was left or was evicted, whatever came between, and there is one entry for each key and no more of
// them than the limit.
func TestBounded(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		limit := 1 + r.IntN(300)
		b, model := newBounded[number, int](limit), map[number]int{}
		for now := range int64(5000) {
			k := number(r.IntN(2 * limit))
			e := b.at(k, now)
			if e.value != 0 && e.value != model[k] {
				t.Fatalf("seed %d: %d has %d, want %d or a new entry", seed, k, e.value, model[k])
			}
			model[k]++
			if e.value != model[k]-1 {
				model[k] = 1 // it was evicted
			}
			e.value = model[k]
			if got := b.get(k); got != e {
				t.Fatalf("seed %d: %d is not found where it was just put", seed, k)
			}
		}
		found := 0
		for k, e := range b.all() {
			if b.get(k) != e || e.value != model[k] {
				t.Errorf("seed %d: %d has %d, want %d", seed, k, e.value, model[k])
			}
			found++
		}
		if found != b.n || b.n > limit || limit < 100 && b.n < limit {
			t.Errorf("seed %d: %d entries found of %d, the limit is %d", seed, found, b.n, limit)
		}
	}
}

// What goes on is not evicted by what comes once.
func TestBoundedKeepsWhatGoesOn(t *testing.T) {
	b := newBounded[number, int](1000)
	for now := range int64(100_000) {
		b.at(number(1_000_000+now), now)
		b.at(number(now%100), now).value++
	}
	kept := 0
	for k := range number(100) {
		if e := b.get(k); e != nil && e.value == 1000 {
			kept++
		}
	}
	if kept < 99 {
		t.Errorf("%d of 100 kept", kept)
	}
}

// A full table does not allocate.
func TestBoundedFull(t *testing.T) {
	b := newBounded[number, int](1000)
	n := number(0)
	for ; n < 2000; n++ {
		b.at(n, int64(n))
	}
	if got := testing.AllocsPerRun(10_000, func() { b.at(n, int64(n)); n++ }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}
