package evidence

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// street is a table of n sessions with one source each, and a round of packets for all of them: both directions, a broadcast, a stranger.
func street(n int) (*Table, []Arrival) {
	var es []Expectation
	var arrivals []Arrival
	for i := range n {
		mac := frame.MAC{0, 0x50, 0x56, 1, byte(i >> 8), byte(i)}
		kind := []erspan.Type{erspan.Bridging, erspan.TypeII, erspan.TypeIII}[i%3]
		uid, id := string(rune('A'+i)), uint16(i+1)
		es = append(es, expects(uid, kind, id, at(uid, mac, "esx-01")))
		for k, p := range []parcel{{src: mac, dst: router, mark: mirror.FromVM}, {src: router, dst: mac, mark: mirror.ToVM}, {src: mac, dst: broadcast, mark: mirror.FromVM}, {src: router, dst: carol}} {
			p.host, p.kind, p.id, p.n = "esx-01", kind, id, i
			arrivals = append(arrivals, p.arrival(uint32(k)))
		}
	}
	return NewTable(es), arrivals
}

func TestObserveAllocatesNothing(t *testing.T) {
	table, arrivals := street(9)
	ledger := NewLedger(Limits{})
	round := func() {
		for _, a := range arrivals {
			ledger.Observe(table, a)
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations in a round of %d packets", n, len(arrivals))
	}
	pair := NewTable([]Expectation{expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"), at("102", bob, "esx-01"))})
	talk := parcel{host: "esx-01", kind: erspan.TypeII, id: 5, src: alice, dst: bob}.arrival(0)
	ledger.Observe(pair, talk)
	if n := testing.AllocsPerRun(100, func() { ledger.Observe(pair, talk) }); n != 0 {
		t.Errorf("%v allocations for a frame between two sources", n)
	}
}

// Whoever sends packets chooses what they say, but not how much memory that takes.
func TestTablesStayAtTheirCap(t *testing.T) {
	table, _ := street(3)
	ledger := NewLedger(Limits{Streams: 64, Unclaimed: 128})
	random := rand.New(rand.NewPCG(3, 4))
	real := parcel{host: "esx-01", kind: erspan.TypeII, id: 2, src: frame.MAC{0, 0x50, 0x56, 1, 0, 1}, dst: router}
	flood := parcel{kind: erspan.TypeII, src: carol, dst: router}.arrival(0)
	const n = 1_000_000
	for i := range n {
		var from [4]byte
		binary.BigEndian.PutUint32(from[:], random.Uint32())
		flood.Ends = gre.EndsOf(netip.AddrFrom4(from), flood.Dst())
		if i%2 == 0 {
			flood.Ends = gre.EndsOf(hosts["esx-01"], flood.Dst()) // whose address can be made up too
		}
		binary.BigEndian.PutUint16(flood.Payload[10:], uint16(random.Uint32())&0x3FF)
		flood.At = start.UnixNano() + int64(i)*int64(time.Microsecond)
		ledger.Observe(table, flood)
		if i%1000 == 0 {
			ledger.Observe(table, real.arrival(uint32(i/1000)))
		}
	}
	if s, u := ledger.streams.n, ledger.unclaimed.n; s > 64 || u != 128 {
		t.Errorf("%d streams and %d kinds of unclaimed traffic are kept, want at most 64 and 128", s, u)
	}
	view := ledger.View()
	if len(view.Unclaimed) != 128 || view.Totals.Evicted == 0 {
		t.Errorf("%d kinds of unclaimed traffic, %d evictions", len(view.Unclaimed), view.Totals.Evicted)
	}
	if view.Totals.Packets != n+n/1000 || view.Totals.Confirmed < n/1000 || sumOf(view.Totals) != view.Totals.Packets {
		t.Errorf("not everything is accounted for: %+v", view.Totals)
	}
}

func sumOf(t Totals) uint64 { return t.Confirmed + t.Ambiguous + t.Unlisted + t.Unclaimed + t.Refused }

// Broadcasts in a table of very many sessions without an id end somewhere too.
func TestBroadcastAmongManySessions(t *testing.T) {
	var es []Expectation
	for i := range 500 {
		es = append(es, expects(string(rune(0x4E00+i)), erspan.Bridging, 0, at("1", frame.MAC{0, 0x50, 0x56, 2, byte(i >> 8), byte(i)}, "esx-01")))
	}
	ledger := NewLedger(Limits{})
	ledger.Observe(NewTable(es), parcel{host: "esx-01", kind: erspan.Bridging, src: router, dst: broadcast}.arrival(0))
	if have := ledger.View().Totals; have.Ambiguous != 1 || have.Confirmed != 0 {
		t.Errorf("%+v, want one ambiguous packet", have)
	}
}

func TestRefusalsAreCountedByName(t *testing.T) {
	ledger := NewLedger(Limits{})
	for _, payload := range [][]byte{nil, {0, 0, 0x65}, {0, 1, 0x88, 0x0B, 0, 0, 0, 0}, {0, 0, 8, 0, 0x45}, {0x10, 0, 0x88, 0xBE, 0, 0, 0, 1, 0x20}, {0, 0, 0x65, 0x58, 1, 2, 3}} {
		ledger.Observe(nil, Arrival{At: start.UnixNano(), Ends: gre.EndsOf(stranger, receiver), Payload: payload, WireLen: 20 + len(payload)})
	}
	view := ledger.View()
	want := map[string]uint64{"gre_short": 2, "gre_version": 1, "not_a_mirror": 1, "erspan_version": 1, "erspan_frame_short": 1}
	if d := cmp.Diff(want, view.Refused); d != "" {
		t.Errorf("(-want +have):\n%s", d)
	}
	if view.Totals.Refused != 6 || view.Totals.Packets != 6 {
		t.Errorf("%+v, want 6 packets, all refused", view.Totals)
	}
}

func TestUnclaimed(t *testing.T) {
	ledger := NewLedger(Limits{})
	p := parcel{kind: erspan.TypeII, id: 9, src: alice, dst: router}
	for i := range 3 {
		a := p.arrival(uint32(i))
		a.At = start.UnixNano() + int64(i)*int64(time.Second)
		ledger.Observe(nil, a)
	}
	ledger.Observe(nil, parcel{kind: erspan.Bridging, src: bob, dst: broadcast}.arrival(0))
	want := []Unclaimed{
		{UnclaimedKey: UnclaimedKey{stranger, receiver, erspan.TypeII, 9}, Packets: 3, Bytes: 3 * innerLen, First: start, Last: start.Add(2 * time.Second), MACs: []frame.MAC{alice, router}},
		{UnclaimedKey: UnclaimedKey{stranger, receiver, erspan.Bridging, 0}, Packets: 1, Bytes: innerLen, First: start, Last: start, MACs: []frame.MAC{bob}},
	}
	if d := cmp.Diff(want, ledger.View().Unclaimed, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Errorf("(-want +have):\n%s", d)
	}
}

// A new table keeps what was counted for the sessions and sources that stay.
func TestTableChanges(t *testing.T) {
	ledger := NewLedger(Limits{})
	a, b := expects("a", erspan.TypeII, 1, at("101", alice, "esx-01")), expects("b", erspan.TypeII, 2, at("102", bob, "esx-01"))
	toA, toB := parcel{host: "esx-01", kind: erspan.TypeII, id: 1, src: alice, dst: router}, parcel{host: "esx-01", kind: erspan.TypeII, id: 2, src: bob, dst: router}
	first := NewTable([]Expectation{a, b})
	ledger.Observe(first, toA.arrival(0))
	ledger.Observe(first, toB.arrival(0))
	a.Sources = append(a.Sources, at("103", carol, "esx-01"))
	second := NewTable([]Expectation{a})
	ledger.Observe(second, toA.arrival(1))
	ledger.Observe(nil, toA.arrival(2)) // the table stays what it is
	ledger.Observe(second, toB.arrival(1))
	view := ledger.View()
	if s := view.sessions["a"]; s.packets != 3 || s.sources.of("101").direct.from.Packets != 3 || s.sources.of("103") == nil {
		t.Errorf("session a: %+v", s)
	}
	if s := view.sessions["b"]; s != nil {
		t.Errorf("session b is gone and still there: %+v", s)
	}
	if view.Totals.Unclaimed != 1 || view.Totals.Confirmed != 4 {
		t.Errorf("%+v", view.Totals)
	}
}

// What several ledgers counted adds up, and is the same as what one would have counted.
func TestMerge(t *testing.T) {
	table, arrivals := street(9)
	one, halves := NewLedger(Limits{}), [2]*Ledger{NewLedger(Limits{}), NewLedger(Limits{})}
	for _, half := range halves { // each has to learn that the host marks directions
		for _, mark := range []mirror.Direction{mirror.FromVM, mirror.ToVM} {
			p := parcel{host: "esx-01", kind: erspan.Bridging, src: carol, dst: router, mark: mark}.arrival(0)
			one.Observe(table, p)
			half.Observe(table, p)
		}
	}
	for i, a := range append(arrivals, parcel{kind: erspan.TypeI, src: bob, dst: router}.arrival(0), parcel{kind: erspan.TypeI, src: bob, dst: router}.arrival(0)) {
		one.Observe(table, a)
		halves[i%2].Observe(table, a)
	}
	parts := []*View{halves[0].View(), halves[1].View()}
	sum, want := Merge(parts...), one.View()
	compare := cmp.Options{cmp.AllowUnexported(tally{}, sourceTally{}, lanes{}, exporterTally{}, oddity{}, peaks{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), unordered()}
	if d := cmp.Diff(want.sessions, sum.sessions, compare); d != "" {
		t.Errorf("sessions (-one +merged):\n%s", d)
	}
	if d := cmp.Diff(want.Totals, sum.Totals); d != "" {
		t.Errorf("totals (-one +merged):\n%s", d)
	}
	if d := cmp.Diff(want.Unclaimed, sum.Unclaimed, compare); d != "" {
		t.Errorf("unclaimed (-one +merged):\n%s", d)
	}
	for k, s := range sum.streams() {
		if s.usable && parts[0].streams()[k].packets > 0 && parts[1].streams()[k].packets > 0 {
			t.Errorf("stream %+v was split between two ledgers and is still believed", k)
		}
	}
	if again := Merge(parts...); !cmp.Equal(again.sessions, sum.sessions, compare) {
		t.Error("merging changed the views that were merged")
	}
	if empty := Merge(); empty.Totals != (Totals{}) {
		t.Errorf("nothing merged is %+v", empty.Totals)
	}
}

// One worker observes while the tick looks; for the race detector, and for a view that holds still.
func TestViewWhileObserving(t *testing.T) {
	table, arrivals := street(9)
	ledger := NewLedger(Limits{})
	done := make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				for _, a := range arrivals {
					ledger.Observe(table, a)
				}
			}
		}
	})
	for range 200 {
		if v := Merge(ledger.View(), ledger.View()); sumOf(v.Totals) != v.Totals.Packets {
			t.Errorf("a view in the middle of a packet: %+v", v.Totals)
		}
	}
	close(done)
	wait.Wait()
}

func BenchmarkObserve(b *testing.B) {
	table, arrivals := street(300)
	ledger := NewLedger(Limits{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		ledger.Observe(table, arrivals[i%len(arrivals)])
	}
}

func BenchmarkView(b *testing.B) {
	table, arrivals := street(300)
	ledger := NewLedger(Limits{})
	for _, a := range arrivals {
		ledger.Observe(table, a)
	}
	b.ReportAllocs()
	for b.Loop() {
		ledger.View()
	}
}

// What a ledger says of one arrival is what it counts it as, the first time it sees the like and the next.
func TestFindings(t *testing.T) {
	table := NewTable([]Expectation{expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"), at("102", bob, "esx-01"))})
	ledger := NewLedger(Limits{})
	of := func(p parcel, sequence uint32) Finding {
		p.host, p.kind, p.id = "esx-01", erspan.TypeII, 5
		a := p.arrival(sequence)
		f := ledger.Observe(table, a)
		if mirrored := a.Payload[f.Frame:]; len(mirrored) < 14 || [6]byte(mirrored[6:]) != p.src {
			t.Errorf("%+v came with the frame %x", p, mirrored)
		}
		whose := *f.Whose
		return Finding{Whose: &whose, Gap: f.Gap}
	}
	confirmed := Whose{Attribution: IsConfirmed, UID: "s", Host: "esx-01"}
	from, to := confirmed, confirmed
	from.PortKey, from.Direction = "101", mirror.FromVM
	to.PortKey, to.Direction = "102", mirror.ToVM
	for i, c := range []struct{ got, want Finding }{
		{of(parcel{src: alice, dst: router}, 1), Finding{Whose: &from}},
		{of(parcel{src: router, dst: bob}, 5), Finding{Whose: &to, Gap: 3}},
		{of(parcel{src: alice, dst: bob}, 6), Finding{Whose: &confirmed}},
		{of(parcel{src: router, dst: carol}, 7), Finding{Whose: &confirmed}},
		{of(parcel{src: alice, dst: router}, 8), Finding{Whose: &from}},
		{of(parcel{src: router, dst: bob}, 10), Finding{Whose: &to, Gap: 1}},
	} {
		if diff := cmp.Diff(c.want, c.got, cmpopts.IgnoreFields(Finding{}, "Known")); diff != "" {
			t.Errorf("%d: (-want +got)\n%s", i, diff)
		}
	}
	if f := ledger.Observe(table, Arrival{Ends: gre.EndsOf(hosts["esx-01"], receiver), Payload: []byte{1}}); f.Attribution != IsRefused || f.Frame != 0 {
		t.Errorf("a broken packet is %+v", f)
	}
	p := parcel{kind: erspan.TypeII, id: 5, src: alice, dst: router}.arrival(1)
	p.Ends = gre.EndsOf(stranger, p.Dst())
	if f := ledger.Observe(table, p); f.Attribution != IsUnlisted || f.UID != "" {
		t.Errorf("a packet from a stranger is %+v", f)
	}
}

// Views of other sessions each are merged whole, and what is added up later leaves what was there before as it is.
func TestMergeOfOtherSessions(t *testing.T) {
	var views []*View
	for i := range 5 {
		uid := string(rune('a' + i))
		table := NewTable([]Expectation{expects("all", erspan.TypeII, 9, at("109", carol, "esx-01")), expects(uid, erspan.TypeII, uint16(i), at("101", alice, "esx-01"))})
		ledger := NewLedger(Limits{})
		for n := range uint32(i + 1) {
			ledger.Observe(table, parcel{host: "esx-01", kind: erspan.TypeII, id: uint16(i), src: alice, dst: router}.arrival(n))
			ledger.Observe(table, parcel{host: "esx-01", kind: erspan.TypeII, id: 9, src: carol, dst: router}.arrival(n))
		}
		views = append(views, ledger.View())
	}
	sum := Merge(views...)
	for i := range 5 {
		s := sum.sessions[string(rune('a'+i))]
		if n := uint64(i + 1); s.packets != n || s.sources.of("101").direct.from.Packets != n || s.exporters.of(hosts["esx-01"]).packets != n {
			t.Errorf("session %d: %+v", i, s)
		}
	}
	if s := sum.sessions["all"]; s.packets != 15 || s.sources.of("109").direct.from.Packets != 15 || s.exporters.of(hosts["esx-01"]).packets != 15 {
		t.Errorf("of all: %+v", s)
	}
}
