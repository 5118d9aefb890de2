package receive

import (
	"bytes"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFragmentsInAnyOrder(t *testing.T) {
	payload := greOf(3000)
	for name, packets := range map[string][][]byte{"IPv4": split4(payload, 1, 1480), "IPv6": split6(payload, 1, 1448)} {
		for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
			t.Run(fmt.Sprint(name, order), func(t *testing.T) {
				out, c := through(t, Limits{}, packets[order[0]], packets[order[1]], packets[order[2]])
				if len(out) != 1 || !bytes.Equal(out[0].Payload, payload) {
					t.Fatalf("got %d datagrams: %+v", len(out), c)
				}
				header := 20
				if name == "IPv6" {
					header = 40
				}
				if d := out[0]; d.Fragments != 3 || d.Number != 3 || d.WireLen != header+len(payload) || d.Truncated {
					t.Errorf("got %+v", d.Datagram)
				}
				if c.Fragments != 3 || c.Delivered != 3 || c.Pending != 0 || c.PendingBytes != 0 {
					t.Errorf("counters %+v", c)
				}
			})
		}
	}
}

func TestFragmentRefusals(t *testing.T) {
	four := func(p part, n int) []byte { return ipv4(v4a, v4b, 47, p, greOf(3000)[p.offset:p.offset+n]) }
	other := func(p part, n int) []byte { return ipv4(v4a, v4b, 47, p, bytes.Repeat([]byte{0xEE}, n)) }
	far := func(p part, n int) []byte { return ipv4(v4a, v4b, 47, p, make([]byte, n)) }
	far6 := func(p part, n int) []byte { return ipv6Fragment(v6a, v6b, 47, p, make([]byte, n)) }
	first := part{id: 1, more: true}
	for name, test := range map[string]struct {
		packets [][]byte
		want    Refusal
		count   uint64
	}{
		"empty last":         {[][]byte{four(part{id: 1, offset: 8}, 0)}, RefusedFragmentTiny, 1},
		"tiny first":         {[][]byte{four(first, 4)}, RefusedFragmentTiny, 1},
		"misaligned":         {[][]byte{four(first, 12)}, RefusedFragmentMisaligned, 1},
		"beyond 65535":       {[][]byte{far(part{id: 1, offset: 65512}, 16)}, RefusedFragmentTooLong, 1},
		"IPv6 beyond 65535":  {[][]byte{far6(part{id: 1, offset: 65528}, 8)}, RefusedFragmentTooLong, 1},
		"overlap before":     {[][]byte{four(first, 16), four(part{id: 1, offset: 8, more: true}, 16)}, RefusedFragmentOverlap, 2},
		"overlap after":      {[][]byte{four(part{id: 1, offset: 8, more: true}, 16), four(first, 16)}, RefusedFragmentOverlap, 2},
		"overlap inside":     {[][]byte{four(first, 48), four(part{id: 1, offset: 16, more: true}, 8)}, RefusedFragmentOverlap, 2},
		"same place, other":  {[][]byte{four(first, 16), other(first, 16)}, RefusedFragmentOverlap, 2},
		"rest of an overlap": {[][]byte{four(first, 16), other(first, 16), four(part{id: 1, offset: 16}, 8)}, RefusedFragmentOverlap, 3},
		"two ends":           {[][]byte{four(part{id: 1, offset: 16}, 8), four(part{id: 1, offset: 32}, 8)}, RefusedFragmentLength, 2},
		"more behind end":    {[][]byte{four(part{id: 1, offset: 16}, 8), four(part{id: 1, offset: 32, more: true}, 8)}, RefusedFragmentLength, 2},
		"end before more":    {[][]byte{four(part{id: 1, offset: 32, more: true}, 8), four(part{id: 1, offset: 16}, 8)}, RefusedFragmentLength, 2},
		"never complete":     {[][]byte{four(first, 16), four(part{id: 1, offset: 32}, 8)}, RefusedFragmentIncomplete, 2},
	} {
		t.Run(name, func(t *testing.T) {
			out, c := through(t, Limits{}, test.packets...)
			if len(out) != 0 || c.Refused.Of(test.want) != test.count || c.Refused.Total() != test.count {
				t.Errorf("want %d × %v, got %d datagrams, %+v", test.count, test.want, len(out), c)
			}
		})
	}
}

func TestLongestDatagrams(t *testing.T) {
	for name, test := range map[string]struct {
		packets [][]byte
		want    int
	}{
		"IPv4": {split4(greOf(65515-4), 1, 32000), 65515},
		"IPv6": {split6(greOf(65535-4), 1, 32000), 65535},
	} {
		out, c := through(t, Limits{}, test.packets...)
		if len(out) != 1 || len(out[0].Payload) != test.want {
			t.Errorf("%s: got %d datagrams, %+v", name, len(out), c)
		}
	}
}

func TestExactDuplicatesAreTolerated(t *testing.T) {
	p := split4(greOf(40), 1, 24)
	out, c := through(t, Limits{}, p[0], p[0], p[1])
	if len(out) != 1 || c.Duplicates != 1 || c.Refused.Total() != 0 {
		t.Errorf("got %d datagrams, %+v", len(out), c)
	}
	out, c = through(t, Limits{}, p[1], p[1], p[0])
	if len(out) != 1 || c.Duplicates != 1 || c.Refused.Total() != 0 {
		t.Errorf("last fragment twice: got %d datagrams, %+v", len(out), c)
	}
}

// Nothing of one datagram ends up in another: each part of the key counts.
func TestDatagramsAreKeptApart(t *testing.T) {
	payload, elsewhere := greOf(40), netip.MustParseAddr("127.1.0.9")
	first, second := part{id: 1, more: true}, part{id: 1, offset: 24}
	for name, stranger := range map[string][]byte{
		"id":          ipv4(v4a, v4b, 47, part{id: 2, offset: 24}, payload[24:]),
		"source":      ipv4(elsewhere, v4b, 47, second, payload[24:]),
		"destination": ipv4(v4a, elsewhere, 47, second, payload[24:]),
		"protocol":    ipv4(v4a, v4b, 17, second, payload[24:]),
		"version":     ipv6Fragment(v6a, v6b, 47, second, payload[24:]),
	} {
		out, _ := through(t, Limits{}, ipv4(v4a, v4b, 47, first, payload[:24]), stranger)
		if len(out) != 0 {
			t.Errorf("%s: joined fragments of two datagrams", name)
		}
	}
}

// A snap length cuts each fragment; the payload ends at the first cut.
func TestFragmentsCutByTheCapture(t *testing.T) {
	payload := greOf(3000)
	p := split4(payload, 1, 1480)
	for i := range p {
		p[i] = p[i][:min(100, len(p[i]))]
	}
	out, c := through(t, Limits{}, p...)
	if len(out) != 1 {
		t.Fatalf("got %d datagrams: %+v", len(out), c)
	}
	if d := out[0]; !d.Truncated || !bytes.Equal(d.Payload, payload[:80]) || d.WireLen != 20+len(payload) {
		t.Errorf("truncated %v, %d bytes of payload, wire length %d", d.Truncated, len(d.Payload), d.WireLen)
	}
}

// ledger counts what a reassembler drops.
type ledger map[Refusal]int

func (l ledger) drop(packets int, _ uint64, why Refusal) { l[why] += packets }

func fragmentOf(src netip.Addr, id uint32, offset, length int, more bool) fragment {
	f := fragment{data: make([]byte, length)}
	f.ip.Version, f.ip.Protocol, f.ip.HeaderLen, f.ip.TotalLen = 4, 47, 20, 20+length
	f.ip.Src, f.ip.Dst, f.ip.ID, f.ip.FragmentOffset, f.ip.MoreFragments = src, v4b, id, offset, more
	return f
}

func TestFragmentTimeout(t *testing.T) {
	drops := ledger{}
	r := newReassembler(Limits{Timeout: time.Second}, drops.drop)
	r.add(start, fragmentOf(v4a, 1, 0, 16, true))
	r.expire(start.Add(time.Second))
	if len(drops) != 0 {
		t.Errorf("dropped at the timeout, not after it: %v", drops)
	}
	// The clock of the next packet counts too.
	if _, became := r.add(start.Add(time.Second+1), fragmentOf(v4a, 1, 16, 8, false)); became != added {
		t.Errorf("completed a datagram that was over: %v", became)
	}
	if drops[RefusedFragmentTimeout] != 1 || r.pieces != 1 {
		t.Errorf("got %v, %d pieces", drops, r.pieces)
	}
}

func TestTooManyFragments(t *testing.T) {
	drops := ledger{}
	r := newReassembler(Limits{PerDatagram: 4}, drops.drop)
	for i := range 6 {
		r.add(start, fragmentOf(v4a, 1, i*8, 8, true))
	}
	if drops[RefusedFragmentCount] != 6 || r.pieces != 0 {
		t.Errorf("got %v, %d pieces", drops, r.pieces)
	}
}

// One source that floods pays for itself; the datagram of another completes.
func TestFloodDoesNotEvictOthers(t *testing.T) {
	drops, victim := ledger{}, netip.MustParseAddr("10.0.0.1")
	r := newReassembler(Limits{Bytes: 1 << 20, Datagrams: 64}, drops.drop)
	r.add(start, fragmentOf(victim, 1, 0, 1480, true))
	for id := range uint32(10_000) {
		r.add(start, fragmentOf(v4a, id, 0, 1480, true))
	}
	if drops[RefusedFragmentShare] == 0 || drops[RefusedFragmentOverflow] != 0 {
		t.Errorf("got %v", drops)
	}
	if _, became := r.add(start, fragmentOf(victim, 1, 1480, 8, false)); became != completed {
		t.Errorf("the flood evicted another source's datagram")
	}
}

// From many sources the oldest of all goes.
func TestFullMemoryEvictsTheOldest(t *testing.T) {
	drops := ledger{}
	r := newReassembler(Limits{Datagrams: 8}, drops.drop)
	for i := range byte(9) {
		r.add(start, fragmentOf(netip.AddrFrom4([4]byte{10, 0, 0, i}), 1, 0, 16, true))
	}
	if drops[RefusedFragmentOverflow] != 1 {
		t.Errorf("got %v", drops)
	}
	if _, became := r.add(start, fragmentOf(netip.AddrFrom4([4]byte{10, 0, 0, 8}), 1, 16, 8, false)); became != completed {
		t.Error("the newest was evicted")
	}
}

// A fragment larger than a source's share can never be held.
func TestFragmentLargerThanTheShare(t *testing.T) {
	drops := ledger{}
	r := newReassembler(Limits{Bytes: 4096}, drops.drop)
	if _, became := r.add(start, fragmentOf(v4a, 1, 0, 1480, true)); became != dropped || drops[RefusedFragmentShare] != 1 {
		t.Errorf("%v, %v", became, drops)
	}
	if r.bytes != 0 || len(r.partials) != 0 || len(r.shares) != 0 {
		t.Errorf("it left %d bytes, %d datagrams, %d sources", r.bytes, len(r.partials), len(r.shares))
	}
}

// heap is what is in use, after what is not was collected.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A million first fragments from a million sources stay within the limit, by our
// own account and by that of the heap, which is as large after a million as it was
// after a quarter of them, when the maps have grown to what they need.
func TestFragmentBomb(t *testing.T) {
	limits := Limits{Bytes: 4 << 20, Datagrams: 1 << 20}
	drops := ledger{}
	r := newReassembler(limits, drops.drop)
	f := fragmentOf(v4a, 0, 0, 64, true)
	before, early := heap(), int64(0)
	const bomb = 1_000_000
	for i := range uint32(bomb) {
		if i == bomb/4 {
			early = heap()
		}
		f.ip.Src = netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		f.ip.ID = i >> 3
		r.add(start, f)
		if r.bytes > limits.Bytes {
			t.Fatalf("charged %d bytes of %d", r.bytes, limits.Bytes)
		}
	}
	after := heap()
	if grown := after - before; grown > int64(limits.Bytes) {
		t.Errorf("the heap has grown by %d bytes, the limit is %d", grown, limits.Bytes)
	}
	if after > early+early/20 {
		t.Errorf("the heap is not flat: %d bytes after a quarter, %d after all", early, after)
	}
	if drops[RefusedFragmentOverflow]+r.pieces != bomb {
		t.Errorf("%d held and %v dropped of %d", r.pieces, drops, bomb)
	}
	runtime.KeepAlive(r)
}

// The workers of a source share its limits.
func TestLimitsAmongWorkers(t *testing.T) {
	l := Limits{Bytes: 1 << 20, Datagrams: 10}.among(4)
	if l.Bytes != 1<<18 || l.Datagrams != 2 || l.Share != 4 || l.PerDatagram != 256 {
		t.Errorf("got %+v", l)
	}
	if l := (Limits{Bytes: 1, Datagrams: 1}).among(4); l.Bytes != 1 || l.Datagrams != 1 {
		t.Errorf("got %+v", l)
	}
}

// A fragment that comes again with more of it copied, because the snap length has
// changed in between, repeats what is held.
func TestRepeatedFragmentOfOtherSnapLength(t *testing.T) {
	whole := split4(greOf(3000), 1, 1480)
	out, c := through(t, Limits{}, whole[0][:100], whole[0], whole[1][:100], whole[1], whole[2], whole[0][:100])
	if len(out) != 1 || c.Duplicates != 2 || c.Refused.Total() != 1 || c.Refused.Of(RefusedFragmentIncomplete) != 1 {
		t.Fatalf("%d datagrams, %+v", len(out), c)
	}
	if d := out[0]; !d.Truncated || len(d.Payload) != 80 || d.PayloadLen != 3004 || d.WireLen != 3024 {
		t.Errorf("%d of %d bytes, wire length %d", len(d.Payload), d.PayloadLen, d.WireLen)
	}
}

// However datagrams are split, shuffled, interleaved and repeated, each comes
// out once, whole, and nothing stays behind. The model is the payload itself.
func TestReassemblyProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		version6 := rapid.Bool().Draw(t, "IPv6")
		want := map[string]int{}
		var packets [][]byte
		for id := range uint32(rapid.IntRange(1, 4).Draw(t, "datagrams")) {
			payload := append(greOf(0), rapid.SliceOfN(rapid.Byte(), 8, 400).Draw(t, "payload")...)
			want[string(payload)]++
			packets = append(packets, pieces(t, payload, id, version6)...)
		}
		packets = rapid.Permutation(packets).Draw(t, "order")
		in := newIntake(Limits{}, func(number uint64, why Refusal) { t.Fatalf("packet %d refused: %v", number, why) })
		for _, b := range packets {
			in.take(packet{at: start.UnixNano(), now: start, ip: b}, each(func(d *Datagram) { want[string(d.Payload)]-- }))
		}
		for payload, missing := range want {
			if missing != 0 {
				t.Fatalf("%d of a datagram of %d bytes missing", missing, len(payload))
			}
		}
		in.show()
		c := in.tally.snapshot()
		if c.Pending != 0 || c.PendingBytes != 0 || c.Packets != c.Delivered {
			t.Fatalf("left behind: %+v", c)
		}
	})
}

// pieces cuts a payload at drawn multiples of 8.
func pieces(t *rapid.T, payload []byte, id uint32, version6 bool) [][]byte {
	cuts := rapid.SliceOfDistinct(rapid.IntRange(1, (len(payload)-1)/8), rapid.ID[int]).Draw(t, "cuts")
	slices.Sort(cuts)
	var packets [][]byte
	at := 0
	for _, cut := range append(cuts, 0) {
		end := cut * 8
		if cut == 0 {
			end = len(payload)
		}
		p := part{id: id, offset: at, more: end < len(payload)}
		if version6 {
			packets = append(packets, ipv6Fragment(v6a, v6b, 47, p, payload[at:end]))
		} else {
			packets = append(packets, ipv4(v4a, v4b, 47, p, payload[at:end]))
		}
		at = end
	}
	return packets
}
