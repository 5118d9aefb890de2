//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// lookUp does what bpf/conversations.h does.
func (t *places) lookUp(key [6]uint64) (counts uint32, ok bool) {
	home := t.home(&key)
	for i := home; i != home+probes; i++ {
		switch p := t.at(i); {
		case p.State == placeVacant:
			return 0, false
		case p.State == placeTaken && p.Key == key:
			return p.Counts, true
		}
	}
	return 0, false
}

// What is taken is found and what was left is not, in whatever order they come, and a place that was left does not stay lost.
func TestPlaces(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		table := places{of: make([]placeValue, 256), seed: seed}
		at := map[[6]uint64]uint32{} // the places of what is there
		for step := range uint32(4000) {
			key := [6]uint64{3: uint64(r.IntN(200)) << (8 * r.IntN(7)), 5: uint64(r.IntN(3))}
			place, there := at[key]
			if there {
				table.leave(place)
				delete(at, key)
			} else if len(at) < 128 {
				place, ok := table.take(key, step, 0)
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
			if counts, ok := table.lookUp(key); !ok || counts != table.at(place).Counts {
				t.Fatalf("seed %d: %x is not found at its place", seed, key)
			}
			table.leave(place)
		}
		for i, p := range table.of {
			if p.State == placeTaken {
				t.Fatalf("seed %d: place %d stays taken", seed, i)
			}
		}
	}
}

// Addresses that differ in one byte, wherever it is, do not crowd.
func TestPlacesAreSpread(t *testing.T) {
	const n = 16384
	for offset := range 48 - 1 {
		table := places{of: make([]placeValue, roomFor(n)), seed: rand.Uint64()}
		for i := range uint16(n) {
			b := make([]byte, 48)
			b[32] = overVersion6
			binary.LittleEndian.PutUint16(b[offset:], i)
			var key [6]uint64
			for k := range key {
				key[k] = binary.LittleEndian.Uint64(b[8*k:])
			}
			key[4] |= overVersion6
			table.take(key, 0, 0)
		}
		taken := 0
		for _, p := range table.of {
			if p.State == placeTaken {
				taken++
			}
		}
		if taken < n*99/100 && offset != 31 && offset != 32 { // there the bit that says IPv6 is in the way
			t.Errorf("bytes %d and %d: %d of %d find a place", offset, offset+1, taken, n)
		}
	}
}
