//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// lookUp does what bpf/conversations.h does.
func (t *places) lookUp(k conversationKey) (slot uint32, ok bool) {
	high, low := k.words()
	home := t.home(&high, &low)
	for i := home; i != home+probes; i++ {
		switch p := t.at(i); {
		case p.Key.What == placeVacant:
			return 0, false
		case p.Key == low && t.margin(i).High == high:
			return t.margin(i).Slot, true
		}
	}
	return 0, false
}

// newPlaces is a table with n places in use.
func newPlaces(n int, seed uint64) *places {
	t, r := new(places), rand.New(rand.NewPCG(seed, 1))
	for i := range t.factors {
		t.factors[i] = r.Uint64() | 1
	}
	t.lieIn(make([]placeValue, n), make([]marginValue, n), new(uint32))
	t.use(n)
	return t
}

// What is taken is found and what was left is not, in whatever order they come, and a place that was left does not stay lost.
func TestPlaces(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		table := newPlaces(256, seed)
		at := map[conversationKey]uint32{} // the places of what is there
		for step := range uint32(4000) {
			var key conversationKey
			key.Low.Stream.Kind = 3
			key.Low.FrameSrc[r.IntN(6)] = uint8(r.IntN(200))
			key.Low.Stream.Src[r.IntN(4)] = uint8(r.IntN(3))
			place, there := at[key]
			if there {
				table.leave(place)
				delete(at, key)
			} else if len(at) < 128 {
				place, ok := table.take(key, step, 0, 0)
				if !ok {
					t.Fatalf("seed %d: no room at %d of 256", seed, len(at))
				}
				at[key] = place
			}
			if _, found := table.lookUp(key); found == there && len(at) < 128 {
				t.Fatalf("seed %d: found %t what was there %t before", seed, found, there)
			}
		}
		for key, place := range at {
			if slot, ok := table.lookUp(key); !ok || slot != table.margin(place).Slot {
				t.Fatalf("seed %d: %+v is not found at its place", seed, key)
			}
			table.leave(place)
		}
		if n := table.taken(); n > 0 {
			t.Fatalf("seed %d: %d places stay taken", seed, n)
		}
	}
}

func (t *places) taken() (n int) {
	for i := range t.of {
		if what := t.of[i].Key.What; what != placeVacant && what != placeLeft {
			n++
		}
	}
	return n
}

// Addresses that differ in two bytes, wherever they are, do not crowd.
func TestPlacesAreSpread(t *testing.T) {
	low := map[string]func(k *conversationKey) []byte{
		"source":            func(k *conversationKey) []byte { return k.Low.Stream.Src[:] },
		"destination":       func(k *conversationKey) []byte { return k.Low.Stream.Dst[:] },
		"frame source":      func(k *conversationKey) []byte { return k.Low.FrameSrc[:] },
		"frame destination": func(k *conversationKey) []byte { return k.Low.FrameDst[:] },
	}
	high := map[string]func(k *conversationKey) []byte{
		"high source":      func(k *conversationKey) []byte { return k.SrcHigh[:] },
		"high destination": func(k *conversationKey) []byte { return k.DstHigh[:] },
	}
	spread(t, "IPv4", 3, low)
	spread(t, "IPv6", 3|overVersion6, low)
	spread(t, "IPv6", 3|overVersion6, high)
}

// spread takes places for conversations of a kind that differ in two bytes of each part of their keys.
func spread(t *testing.T, over string, kind uint8, parts map[string]func(k *conversationKey) []byte) {
	t.Helper()
	const n = 16384
	for name, at := range parts {
		for offset := range len(at(new(conversationKey))) - 1 {
			seed := rand.Uint64()
			table := newPlaces(roomFor(n), seed)
			for i := range uint16(n) {
				var key conversationKey
				key.Low.Stream.Kind = kind
				binary.LittleEndian.PutUint16(at(&key)[offset:], i)
				table.take(key, 0, 0, 0)
			}
			if taken := table.taken(); taken < n-1 { // by chance one may find none
				t.Errorf("%s, byte %d of the %s, seed %#x: %d of %d find a place", over, offset, name, seed, taken, n)
			}
		}
	}
}
