package inspect

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/gre"
)

// TestStreams holds the table to a map, on its way from empty to more than full.
func TestStreams(t *testing.T) {
	type identity struct {
		ends gre.Ends
		kind erspan.Type
		id   uint16
	}
	random := rand.New(rand.NewPCG(1, 2))
	want, left := map[identity]uint64{}, 0
	table, refused := newStreams(), 0
	for range 200_000 {
		src := netip.AddrFrom4([4]byte{10, 0, byte(random.IntN(2)), byte(random.IntN(20))})
		dst := netip.AddrFrom4([4]byte{10, 1, 0, byte(random.IntN(2))})
		if random.IntN(2) == 0 { // the IPv6 address that stands for the same IPv4 address is another address
			src, dst = netip.AddrFrom16(src.As16()), netip.AddrFrom16([16]byte{0: 0xFD, 15: byte(random.IntN(2))})
		}
		one := identity{gre.EndsOf(src, dst), erspan.Type(1 + random.IntN(4)), uint16(random.IntN(20))}
		if _, known := want[one]; known || len(want) < maxStreams {
			want[one]++
		} else {
			left++
		}
		if !table.add(&one.ends, one.kind, one.id) {
			refused++
		}
	}
	got := map[identity]uint64{}
	for _, s := range table.list {
		got[identity{s.ends, s.encapsulation, s.id}] = s.packets
	}
	if !maps.Equal(got, want) || refused != left || len(got) != maxStreams || left == 0 {
		t.Errorf("%d streams and %d packets left out, want %d and %d", len(got), refused, len(want), left)
	}
}
