package gre

import (
	"math"
	"net/netip"
	"testing"
	"time"
)

func TestEnds(t *testing.T) {
	for _, c := range []struct{ src, dst, wantSrc, wantDst string }{
		{"10.1.2.3", "192.0.2.9", "10.1.2.3", "192.0.2.9"},
		{"fd00::1", "fd00::2", "fd00::1", "fd00::2"},
		{"10.1.2.3", "fd00::2", "::ffff:10.1.2.3", "fd00::2"},
		{"::ffff:10.1.2.3", "::ffff:192.0.2.9", "::ffff:10.1.2.3", "::ffff:192.0.2.9"}, // another address than 10.1.2.3
	} {
		d := Datagram{Ends: EndsOf(netip.MustParseAddr(c.src), netip.MustParseAddr(c.dst))}
		if d.Src().String() != c.wantSrc || d.Dst().String() != c.wantDst {
			t.Errorf("%s to %s became %v to %v", c.src, c.dst, d.Src(), d.Dst())
		}
	}
	v4 := EndsOf(netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("5.6.7.8"))
	if v4.IsIPv6 || v4.IPv4 != 0x08070605_04030201 {
		t.Errorf("%+v", v4)
	}
	if a, b := EndsOf(netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")), EndsOf(netip.MustParseAddr("fd00::2"), netip.MustParseAddr("fd00::1")); a == b || a.Words() == b.Words() {
		t.Errorf("%+v and %+v are the same", a, b)
	}
}

func TestTimes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, c := range []struct {
		at   time.Time
		want int64
	}{
		{now, now.UnixNano()}, {time.Unix(0, 0), 0}, {time.Time{}, NoTime},
		{time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), NoTime}, {time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC), NoTime},
	} {
		d := Datagram{At: Nanoseconds(c.at)}
		if d.At != c.want || c.want != NoTime && !d.Time().Equal(c.at) || c.want == NoTime && !d.Time().IsZero() {
			t.Errorf("%v became %d and %v", c.at, d.At, d.Time())
		}
	}
	if NoTime != math.MinInt64 {
		t.Error("NoTime is a time")
	}
}

func TestEqual(t *testing.T) {
	ends := func(src, dst string) Ends { return EndsOf(netip.MustParseAddr(src), netip.MustParseAddr(dst)) }
	used := ends("fd00::1", "fd00::2")
	used.IPv4, used.IsIPv6 = ends("192.0.2.1", "192.0.2.2").IPv4, false // for another packet
	four, six, zero := ends("192.0.2.1", "192.0.2.2"), ends("fd00::1", "fd00::2"), Ends{}
	all := []Ends{four, six, zero, ends("192.0.2.2", "192.0.2.1"), ends("::", "::"), ends("fd00::1", "fd00::1"), ends("fd00::2", "fd00::2")}
	for i, a := range all {
		for j, b := range all {
			if a.Equal(&b) != (i == j) {
				t.Errorf("%v > %v and %v > %v: equal %v", a.Src(), a.Dst(), b.Src(), b.Dst(), a.Equal(&b))
			}
		}
	}
	if !used.Equal(&four) || used.Equal(&six) {
		t.Error("what the ends were before counts")
	}
}
