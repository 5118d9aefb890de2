package inspect

import (
	"net/netip"
	"slices"
	"testing"
)

// What has as many packets is in the order of what it is, ids by number.
func TestOrderOfStreams(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.9"), netip.MustParseAddr("10.0.0.10")
	want := []Stream{
		{Src: b, Dst: b, Encapsulation: "gre", Packets: 9},
		{Src: a, Dst: a, Encapsulation: "erspan2", ID: new(uint16(2)), Packets: 5},
		{Src: a, Dst: a, Encapsulation: "erspan2", ID: new(uint16(10)), Packets: 5},
		{Src: a, Dst: a, Encapsulation: "gre", Packets: 5},
		{Src: a, Dst: b, Encapsulation: "erspan2", ID: new(uint16(1)), Packets: 5},
		{Src: b, Dst: a, Encapsulation: "erspan2", ID: new(uint16(1)), Packets: 5},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, compareStreams)
	for i := range want {
		if got[i].String() != want[i].String() {
			t.Errorf("%d: %s, want %s", i, got[i], want[i])
		}
	}
}
