package evidence

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// think is Observe without what was thought before.
func think(l *Ledger, t *Table, a Arrival) (f Finding) {
	l.Begin(t)
	defer l.End()
	l.totals.Packets++
	l.totals.Bytes += uint64(a.WireLen)
	l.memos.missed = false
	l.weigh(&a)
	l.weighed(&f)
	return f
}

// drawTable is a table of a few sessions that get into each other's way: the same ids, VMs in two sessions, one source or several.
func drawTable(t *rapid.T) *Table {
	vms := []frame.MAC{alice, bob, carol}
	var es []Expectation
	for i := range rapid.IntRange(1, 4).Draw(t, "sessions") {
		var sources []ExpectedSource
		for k, mac := range vms {
			if i == 0 && k == 0 || rapid.Bool().Draw(t, "has source") {
				s := at(string(rune('0'+k)), mac, rapid.SampledFrom([]string{"esx-01", "esx-02", ""}).Draw(t, "on"))
				s.Direction = rapid.SampledFrom([]mirror.Direction{mirror.Both, mirror.FromVM, mirror.ToVM}).Draw(t, "asked")
				sources = append(sources, s)
			}
		}
		kind := rapid.SampledFrom([]erspan.Type{erspan.TypeII, erspan.TypeII, erspan.TypeIII, erspan.Bridging}).Draw(t, "encapsulation")
		id := i
		if rapid.IntRange(0, 3).Draw(t, "shares its id") == 3 {
			id = 0
		}
		e := expects(string(rune('a'+i)), kind, uint16(id), sources...)
		e.SnapLength = rapid.SampledFrom([]int{0, 60, 1000}).Draw(t, "snap length")
		e.Dormant = rapid.IntRange(0, 4).Draw(t, "dormant") == 4
		es = append(es, e)
	}
	return NewTable(es)
}

// drawTalk is what few stations say to each other again and again: most of them are sources of the table, mirrored as was asked for.
func drawTalk(t *rapid.T, table *Table) []parcel {
	var talk []parcel
	for range rapid.IntRange(1, 6).Draw(t, "pairs") {
		row := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(table.rows), func(r row) bool { return len(r.Sources) == 0 })).Draw(t, "session")
		if rapid.IntRange(0, 4).Draw(t, "anything") == 4 {
			talk = append(talk, drawAnything(t))
			continue
		}
		source := rapid.SampledFrom(row.Sources).Draw(t, "source")
		p := parcel{host: hostOr(source.Host), kind: row.Type, id: row.ID, src: source.MAC, dst: router, mark: mirror.FromVM}
		if source.Direction == mirror.ToVM || source.Direction == mirror.Both && rapid.Bool().Draw(t, "to it") {
			p.src, p.dst, p.mark = p.dst, p.src, mirror.ToVM
		}
		talk = append(talk, p)
	}
	return talk
}

// hostOr is the host, or one where it is not known.
func hostOr(host string) string {
	if host == "" {
		return "esx-01"
	}
	return host
}

func drawAnything(t *rapid.T) parcel {
	macs := []frame.MAC{alice, bob, carol, router, broadcast}
	return parcel{
		host: rapid.SampledFrom([]string{"esx-01", "esx-01", "esx-02"}).Draw(t, "host"),
		kind: rapid.SampledFrom([]erspan.Type{erspan.TypeII, erspan.TypeII, erspan.TypeIII, erspan.Bridging, erspan.TypeI}).Draw(t, "type"),
		id:   uint16(rapid.IntRange(0, 1).Draw(t, "id")),
		src:  rapid.SampledFrom(macs[:4]).Draw(t, "src"), dst: rapid.SampledFrom(append(macs, router, router)).Draw(t, "dst"),
		mark: rapid.SampledFrom([]mirror.Direction{mirror.FromVM, mirror.ToVM}).Draw(t, "mark"),
	}
}

func drawArrival(t *rapid.T, talk []parcel, n int) Arrival {
	p := rapid.SampledFrom(talk).Draw(t, "pair")
	p.n = n
	a := p.arrival(uint32(n + rapid.SampledFrom([]int{0, 0, 0, 1, 5, -3, 1 << 20}).Draw(t, "step")))
	a.At = start.UnixNano() + int64(n)*int64(time.Millisecond)
	switch rapid.IntRange(0, 29).Draw(t, "kind of arrival") {
	case 25:
		a.Ends = gre.EndsOf(stranger, a.Dst())
	case 26:
		a.Ends = gre.EndsOf(netip.AddrFrom16(a.Src().As16()), a.Dst()) // the same, written as IPv6
	case 27:
		a.Fragments = 3
	case 28:
		a.At = gre.NoTime
	case 29:
		a.Payload = a.Payload[:rapid.IntRange(0, len(a.Payload)).Draw(t, "cut")]
		if rapid.Bool().Draw(t, "by us") {
			a.Truncated, a.PayloadLen = true, len(a.Payload)+rapid.IntRange(0, 1500).Draw(t, "missing")
		}
	}
	return a
}

// What is remembered is what would be thought: a ledger that remembers shows the same as one that thinks of every packet anew,
// whatever arrives, however often the table changes and however small the memory is.
func TestRememberingIsThinking(t *testing.T) {
	remembered, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		thinking, remembering := NewLedger(Limits{}), NewLedger(Limits{Memos: rapid.SampledFrom([]int{0, 0, 0, 3, 1}).Draw(t, "memos")})
		table := drawTable(t)
		talk := drawTalk(t, table)
		for n := range rapid.IntRange(1, 120).Draw(t, "packets") {
			switch rapid.IntRange(0, 60).Draw(t, "between") { // small numbers are drawn most
			case 60:
				table = drawTable(t)
			case 59:
				talk = drawTalk(t, table)
			case 58:
				table = drawTable(t)
				talk = drawTalk(t, table)
			case 57:
				remembering.View()
			}
			a := drawArrival(t, talk, n)
			all++
			remembering.memos.missed = false // what is known at once leaves it as it was
			want, got := think(thinking, table, a), remembering.Observe(table, a)
			if !remembering.memos.missed && got.Attribution == IsConfirmed && got.Whose != &remembering.whose {
				remembered++
			}
			if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Finding{}, "Known")); d != "" {
				t.Fatalf("packet %d (-thinking +remembering):\n%s", n, d)
			}
		}
		if d := cmp.Diff(thinking.View(), remembering.View(), wholeViews()); d != "" {
			t.Fatalf("views (-thinking +remembering):\n%s", d)
		}
	})
	if remembered*4 < all {
		t.Errorf("only %d of %d packets were counted from memory", remembered, all)
	}
}

func wholeViews() cmp.Option {
	return cmp.Options{
		cmp.Comparer(func(_, _ peaks) bool { return true }), // when the largest frame came is known to the second
		cmp.AllowUnexported(View{}, tally{}, sourceTally{}, lanes{}, exporterTally{}, oddity{}, streamKey{}, streamView{}),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		unordered(),
	}
}

// unordered compares what a view has in lists by what names it.
func unordered() cmp.Option {
	return cmp.Options{
		cmp.Transformer("bySpace", func(s spaces) map[streamKey]streamView { return maps.Collect(s.all()) }),
		cmp.Transformer("byAddress", func(e exporters) map[netip.Addr]exporterTally {
			by := make(map[netip.Addr]exporterTally)
			for _, t := range e.list {
				by[t.address] = t
			}
			return by
		}),
		cmp.Transformer("byPort", func(s sources) map[string]sourceTally {
			by := make(map[string]sourceTally)
			for key := range s.at {
				by[key] = *s.of(key)
			}
			return by
		}),
	}
}

// streams are all sequence spaces of a view.
func (v *View) streams() map[streamKey]streamView { return maps.Collect(v.spaces.all()) }

// The table of memos is bounded whatever is sent, and what is counted is right when it is full.
func TestMemosStayAtTheirCap(t *testing.T) {
	table := NewTable([]Expectation{expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"))})
	ledger := NewLedger(Limits{Memos: 1000})
	const n = 100_000
	for i := range n {
		p := parcel{host: "esx-01", kind: erspan.TypeII, id: 5, src: alice, dst: frame.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}}
		ledger.Observe(table, p.arrival(uint32(i)))
	}
	if m := &ledger.memos; m.n > 1000 || len(m.chunks)*chunkSize > 1000+chunkSize || len(m.slots) > 4096 || m.renewed != n/1000-1 {
		t.Errorf("%d memos in %d chunks and %d slots, renewed %d times", m.n, len(m.chunks), len(m.slots), m.renewed)
	}
	if v := ledger.View(); v.Totals.Confirmed != n || v.sessions["s"].sources.of("101").direct.from.Packets != n {
		t.Errorf("%+v", v.Totals)
	}
}

// The part of a memo that each packet touches stays small: with many sessions it is memory that costs.
func TestMemoIsTwoCacheLines(t *testing.T) {
	if n := unsafe.Sizeof(memo{}); n != 128 {
		t.Errorf("a memo is %d bytes", n)
	}
}
