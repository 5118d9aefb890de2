package receive

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror/gre"
)

func TestWholeDatagrams(t *testing.T) {
	payload := greOf(100)
	withOptions := ipv4(v4a, v4b, 47, part{}, payload)
	withOptions = slices.Insert(withOptions, 20, 1, 1, 1, 1)
	withOptions[0], withOptions[3] = 0x46, withOptions[3]+4
	extended := append(option(47), payload...)
	for name, test := range map[string]struct {
		packet   []byte
		src, dst netip.Addr
		wireLen  int
	}{
		"IPv4":                     {ipv4(v4a, v4b, 47, part{}, payload), v4a, v4b, 124},
		"IPv4 with options":        {withOptions, v4a, v4b, 128},
		"IPv4 with padding":        {append(ipv4(v4a, v4b, 47, part{}, payload), 0, 0, 0), v4a, v4b, 124},
		"IPv6":                     {ipv6(v6a, v6b, 47, payload), v6a, v6b, 144},
		"IPv6 destination options": {ipv6(v6a, v6b, 60, extended), v6a, v6b, 152},
		"IPv6 hop-by-hop":          {ipv6(v6a, v6b, 0, extended), v6a, v6b, 152},
		"IPv6 atomic fragment":     {ipv6Fragment(v6a, v6b, 47, part{id: 9}, payload), v6a, v6b, 152},
	} {
		t.Run(name, func(t *testing.T) {
			out, c := through(t, Limits{}, test.packet)
			if len(out) != 1 || c.Datagrams != 1 || c.Delivered != 1 || c.Fragments != 0 {
				t.Fatalf("want one whole datagram, got %d: %+v", len(out), c)
			}
			d := out[0]
			if d.Src() != test.src || d.Dst() != test.dst || d.WireLen != test.wireLen {
				t.Errorf("got %v -> %v, %d bytes; want %v -> %v, %d", d.Src(), d.Dst(), d.WireLen, test.src, test.dst, test.wireLen)
			}
			if d.PayloadLen != len(payload) {
				t.Errorf("%d bytes of payload on the wire, want %d", d.PayloadLen, len(payload))
			}
			if !bytes.Equal(d.Payload, payload) {
				t.Errorf("payload of %d bytes, want %d", len(d.Payload), len(payload))
			}
			if d.Number != 1 || d.Fragments != 1 || d.Truncated || !d.Time().Equal(start) {
				t.Errorf("number %d, fragments %d, truncated %v, time %v", d.Number, d.Fragments, d.Truncated, d.Time())
			}
		})
	}
}

func TestCutByTheCapture(t *testing.T) {
	whole := ipv4(v4a, v4b, 47, part{}, greOf(100))
	out, c := through(t, Limits{}, whole[:60])
	if len(out) != 1 || !out[0].Truncated || len(out[0].Payload) != 40 || out[0].WireLen != 124 || out[0].PayloadLen != 104 || c.Truncated != 1 {
		t.Errorf("got %+v, %+v", out, c)
	}
}

// A header may leave the length to the card to fill in. What a snap length then cut
// only the source knows.
func TestLengthLeftOutAndCut(t *testing.T) {
	four, six := ipv4(v4a, v4b, 47, part{}, greOf(100)), ipv6(v6a, v6b, 47, greOf(100))
	four[2], four[3], six[4], six[5] = 0, 0, 0, 0
	for _, whole := range [][]byte{four, six} {
		for _, copied := range []int{60, len(whole)} {
			var got []kept
			in := newIntake(Limits{}, nil)
			in.take(packet{at: start.UnixNano(), now: start, ip: whole[:copied], wireLen: len(whole)}, keep(&got)(0))
			if len(got) != 1 || got[0].WireLen != len(whole) || got[0].PayloadLen != 104 || got[0].Truncated != (copied < len(whole)) {
				t.Errorf("%d of %d bytes: %+v", copied, len(whole), got)
			}
		}
	}
}

// What is not delivered has a name, and inspect is told of it only if it claims
// to be GRE.
func TestOuterRefusals(t *testing.T) {
	short := ipv4(v4a, v4b, 47, part{}, greOf(10))
	short[0] = 0x44
	contradiction := ipv4(v4a, v4b, 47, part{}, greOf(10))
	contradiction[2], contradiction[3] = 0, 19
	for name, test := range map[string]struct {
		packet []byte
		want   Refusal
		other  bool // not GRE: no refusal
	}{
		"header length below 20":  {packet: short, want: RefusedOuter},
		"total length below that": {packet: contradiction, want: RefusedOuter},
		"cut in the header":       {packet: ipv4(v4a, v4b, 47, part{}, nil)[:15], want: RefusedOuterCut},
		"IPv6 cut in the header":  {packet: ipv6(v6a, v6b, 47, greOf(10))[:39], want: RefusedOuterCut},
		"nothing":                 {packet: nil, other: true},
		"TCP":                     {packet: ipv4(v4a, v4b, 6, part{}, greOf(10)), other: true},
		"a fragment of UDP":       {packet: ipv4(v4a, v4b, 17, part{id: 1, more: true}, greOf(4)), other: true},
		"IPv6 fragment of UDP":    {packet: ipv6Fragment(v6a, v6b, 17, part{id: 1, more: true}, greOf(4)), other: true},
		"version 5":               {packet: []byte{0x50, 0, 0, 0, 0, 0, 0, 0, 0, 47}, other: true},
	} {
		t.Run(name, func(t *testing.T) {
			out, c := through(t, Limits{}, test.packet)
			if len(out) != 0 {
				t.Fatalf("delivered %+v", out)
			}
			if test.other {
				if c.NotGRE != 1 || c.Refused.Total() != 0 {
					t.Errorf("want one packet of another protocol, got %+v", c)
				}
				return
			}
			if c.Refused.Of(test.want) != 1 || c.Refused.Total() != 1 {
				t.Errorf("want %v, got %+v", test.want, c)
			}
		})
	}
}

// The first fragment says what the reassembled IPv6 payload begins with; only
// then is it known whether it is GRE.
func TestIPv6ExtensionsInsideFragments(t *testing.T) {
	payload := greOf(2000)
	build := func(p part, b []byte) []byte { return ipv6Fragment(v6a, v6b, 60, p, b) }
	out, c := through(t, Limits{}, split(append(option(47), payload...), 7, 1000, build)...)
	if len(out) != 1 || !bytes.Equal(out[0].Payload, payload) || out[0].PayloadLen != len(payload) || out[0].Fragments != 3 || out[0].WireLen != 40+8+len(payload) {
		t.Errorf("got %d datagrams, %+v", len(out), c)
	}
	out, c = through(t, Limits{}, split(append(option(17), payload...), 7, 1000, build)...)
	if len(out) != 0 || c.NotGRE != 3 || c.Refused.Total() != 0 {
		t.Errorf("UDP behind an option: got %d datagrams, %+v", len(out), c)
	}
}

func TestRefusalNamesAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for r, n := range (RefusalCounts{}).All() {
		if r.String() == "" || seen[r.String()] || n != 0 {
			t.Errorf("refusal %d: name %q, count %d", r, r, n)
		}
		seen[r.String()] = true
	}
	if len(seen) != int(refusals) || Refusal(200).String() != "unknown" || (RefusalCounts{}).Of(200) != 0 {
		t.Errorf("%d names for %d refusals", len(seen), refusals)
	}
}

// Delivering a whole datagram costs no memory.
func TestTakeAllocatesNothing(t *testing.T) {
	in := newIntake(Limits{}, nil)
	p := packet{at: start.UnixNano(), now: start, ip: ipv4(v4a, v4b, 47, part{}, greOf(100))}
	handle := each(func(*Datagram) {})
	if n := testing.AllocsPerRun(100, func() { in.take(p, handle) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The short way and the general way make the same of a packet, cut anywhere.
func TestPlainIsTheGeneralWay(t *testing.T) {
	for _, b := range plainSeeds() {
		for n := range len(b) + 1 {
			samePlain(t, b[:n])
		}
	}
}

func plainSeeds() [][]byte {
	options := slices.Insert(ipv4(v4a, v4b, 47, part{}, greOf(20)), 20, 1, 1, 1, 1)
	options[0], options[3] = 0x46, options[3]+4
	shorter, evil, left := ipv4(v4a, v4b, 47, part{}, greOf(20)), ipv4(v4a, v4b, 47, part{}, greOf(20)), ipv4(v4a, v4b, 47, part{}, greOf(20))
	shorter[3], evil[6], left[3] = 19, 0x80, 0
	return [][]byte{
		append(ipv4(v4a, v4b, 47, part{}, greOf(20)), 1, 2, 3), options, shorter, evil, left,
		ipv4(v4a, v4b, 6, part{}, greOf(20)), ipv4(v4a, v4b, 47, part{offset: 8}, greOf(20)), ipv4(v4a, v4b, 47, part{more: true}, greOf(20)),
		ipv6(v6a, v6b, 47, greOf(20)),
	}
}

// samePlain takes a packet both ways and compares what is handed over and counted.
func samePlain(t *testing.T, b []byte) {
	t.Helper()
	var short, general []kept
	one, other := newIntake(Limits{}, nil), newIntake(Limits{}, nil)
	p := packet{at: start.UnixNano(), now: start, ip: b, wireLen: len(b)}
	one.take(p, keep(&short)(0))
	other.any(p, keep(&general)(0))
	one.show()
	other.show()
	if a, b := one.tally.snapshot(), other.tally.snapshot(); a != b {
		t.Errorf("counted %+v, the general way %+v", a, b)
	}
	if diff := cmp.Diff(general, short, cmp.Comparer(func(a, b gre.Ends) bool { return a == b })); diff != "" {
		t.Errorf("handed over: %s", diff)
	}
}

// A line on which nothing is waited for is left alone for longer.
func TestPatience(t *testing.T) {
	in := newIntake(Limits{}, nil)
	if in.patience() != quietly {
		t.Errorf("%v before anything came", in.patience())
	}
	in.take(packet{now: start, ip: split4(greOf(100), 1, 40)[0]}, each(func(*Datagram) {}))
	if in.patience() != expireEvery {
		t.Errorf("%v while a fragment waits", in.patience())
	}
	in.expire(start.Add(time.Hour))
	if in.patience() != quietly {
		t.Errorf("%v after it was given up", in.patience())
	}
}
