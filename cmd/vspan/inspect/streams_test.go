package inspect

import (
	"maps"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// TestStreams holds the table to a map, on its way from empty to more than full.
func TestStreams(t *testing.T) {
	type identity struct {
		src, dst netip.Addr
		kind     erspan.Type
		id       uint16
	}
	random := rand.New(rand.NewPCG(1, 2))
	want, left := map[identity]uint64{}, 0
	table, refused := newStreams(), 0
	for range 200_000 {
		one := identity{
			netip.AddrFrom4([4]byte{10, 0, byte(random.IntN(2)), byte(random.IntN(20))}),
			netip.AddrFrom16([16]byte{0: 0xFD, 15: byte(random.IntN(2))}),
			erspan.Type(1 + random.IntN(4)), uint16(random.IntN(20)),
		}
		if random.IntN(2) == 0 { // the IPv6 address that stands for the same IPv4 address is another address
			one.src = netip.AddrFrom16(one.src.As16())
		}
		if _, known := want[one]; known || len(want) < maxStreams {
			want[one]++
		} else {
			left++
		}
		if !table.add(one.src, one.dst, one.kind, one.id) {
			refused++
		}
	}
	got := map[identity]uint64{}
	for _, s := range table.list {
		got[identity{s.src, s.dst, s.encapsulation, s.id}] = s.packets
	}
	if !maps.Equal(got, want) || refused != left || len(got) != maxStreams || left == 0 {
		t.Errorf("%d streams and %d packets left out, want %d and %d", len(got), refused, len(want), left)
	}
}
