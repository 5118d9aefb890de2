package evidence

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// kernel counts what a ledger said recurs, as xdp does, and leaves the rest to it.
type kernel struct {
	ledger  *Ledger
	known   map[Alike]Recurring
	volumes map[Alike]*Volume
	streams map[Stream]*stream
	brought uint64 // packets
	apart   bool   // what it brings is thought of anew
}

func newKernel(l *Ledger) *kernel {
	return &kernel{ledger: l, known: map[Alike]Recurring{}, volumes: map[Alike]*Volume{}, streams: map[Stream]*stream{}}
}

// admit takes over what recurs.
func (k *kernel) admit(now int64) {
	for _, r := range k.ledger.Recurring() {
		k.known[r.Alike] = r
		if r.Type.HasSession() {
			for _, s := range r.streams() {
				if k.streams[s] == nil {
					k.streams[s] = new(stream)
					k.ledger.Follow(s, sequence.Numbers{}, now)
				}
			}
		}
	}
}

func (r Recurring) streams() [2]Stream {
	s := Stream{UID: r.UID, Exporter: r.Exporter, Destination: r.Destination, Type: r.Type, ID: r.ID, HardwareID: r.HardwareID}
	whole := Stream{Exporter: r.Exporter, Destination: r.Destination, Type: erspan.TypeIII}
	return [2]Stream{whole, s}
}

// take counts a if it is known, and else gives it to the ledger; its number is taken here when its space is followed here.
func (k *kernel) take(t *Table, a Arrival) {
	p, err := erspan.Decapsulate(a.Payload)
	if err != nil {
		k.ledger.Observe(t, a)
		return
	}
	f, _ := frame.Parse(p.Frame)
	said, marked := markOf(p)
	if !marked {
		said = 0
	}
	of := Alike{Exporter: plain(a.Src()), Destination: a.Dst(), Type: p.Type, ID: p.Header.SessionID, HardwareID: p.Header.HardwareID, Said: said, Src: f.Src, Dst: f.Dst}
	if numbered(p) {
		k.number(of, p.GRE.Sequence)
	}
	r, known := k.known[of]
	if !known {
		k.ledger.Observe(t, a)
		return
	}
	v := k.volumes[of]
	if v == nil {
		one := r.Volume()
		if k.apart { // as if what was thought had been forgotten
			one = Volume{Alike: of}
		}
		v = &one
		v.First = a.Time()
		k.volumes[of] = v
	}
	v.Packets++
	v.OuterBytes += uint64(a.WireLen)
	v.Bytes += uint64(f.Length)
	v.Largest = max(v.Largest, uint32(f.Length))
	v.Last = a.Time()
}

func (k *kernel) number(of Alike, n uint32) {
	whole := k.streams[Stream{Exporter: of.Exporter, Destination: of.Destination, Type: erspan.TypeIII}]
	fits := true
	if whole != nil {
		fits, _ = whole.inWhole(n)
	}
	for key, s := range k.streams {
		if key.UID != "" && key.Exporter == of.Exporter && key.Destination == of.Destination && key.Type == of.Type && key.ID == of.ID && key.HardwareID == of.HardwareID {
			s.inSession(n, fits, 0)
		}
	}
}

// harvest brings everything to the ledger.
func (k *kernel) harvest(t *Table, now int64) {
	var list []Volume
	for _, v := range k.volumes {
		list = append(list, *v)
		k.brought += v.Packets
	}
	clear(k.volumes)
	for i, mine := range k.ledger.Add(t, list) {
		if !mine {
			delete(k.known, list[i].Alike)
		}
	}
	for key, s := range k.streams {
		k.ledger.Follow(key, sequence.Numbers{
			Packets: s.Packets, Lost: s.Lost, Reordered: s.Reordered, Duplicated: s.Duplicated, Resets: s.Resets, Strays: s.Strays,
			Aliens: s.aliens, Usable: s.Usable(),
		}, now)
	}
}

// drawApart is a table of sessions of which each has an id of its own at the receiver, as the allocator sees to it: the kernel knows ids
// and no sessions.
func drawApart(t *rapid.T) *Table {
	drawn := drawTable(t)
	var es []Expectation
	for i := range drawn.rows {
		e := drawn.rows[i].Expectation
		e.ID = uint16(i)
		es = append(es, e)
	}
	return NewTable(es)
}

// What was counted elsewhere comes to the same as what would have been counted here: volumes by session, source and direction to the
// packet, and sequence numbers as if the numbers before and after the change were two beginnings.
func TestCountedElsewhereIsTheSame(t *testing.T) {
	elsewhere := uint64(0)
	rapid.Check(t, func(t *rapid.T) {
		here, there := NewLedger(Limits{}), NewLedger(Limits{})
		k := newKernel(there)
		k.apart = rapid.Bool().Draw(t, "apart")
		table := drawApart(t)
		var macs [][2]frame.MAC
		for range rapid.IntRange(1, 4).Draw(t, "pairs") {
			macs = append(macs, [2]frame.MAC{rapid.SampledFrom([]frame.MAC{alice, bob, carol}).Draw(t, "src"), router})
		}
		kind, id := rapid.SampledFrom([]erspan.Type{erspan.TypeII, erspan.Bridging}).Draw(t, "type"), uint16(rapid.IntRange(0, 1).Draw(t, "id"))
		at := start
		for n := range rapid.IntRange(10, 200).Draw(t, "packets") {
			at = at.Add(time.Millisecond)
			pair := rapid.SampledFrom(macs).Draw(t, "pair")
			p := parcel{host: "esx-01", kind: kind, id: id, src: pair[0], dst: pair[1], n: n}
			if rapid.Bool().Draw(t, "answer") {
				p.src, p.dst = p.dst, p.src
			}
			a := p.arrival(uint32(n))
			a.At = at.UnixNano()
			here.Observe(table, a)
			k.take(table, a)
			switch rapid.IntRange(0, 9).Draw(t, "between") {
			case 0:
				k.admit(at.UnixNano())
			case 1:
				k.harvest(table, at.UnixNano())
			}
		}
		k.harvest(table, at.UnixNano())
		elsewhere += k.brought
		want, got := here.View(), there.View()
		if d := cmp.Diff(want, got, wholeViews(), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".spaces" }, cmp.Ignore())); d != "" {
			t.Fatalf("(-here +there)\n%s", d)
		}
		for key, s := range want.streams() {
			if g := got.streams()[key]; g.packets != s.packets || g.lost > s.lost || g.duplicated != 0 {
				t.Fatalf("stream %+v is %+v, want %+v", key, g, s)
			}
		}
	})
	if elsewhere < 100 {
		t.Errorf("only %d packets were counted elsewhere", elsewhere)
	}
}

// A sequence space that is returned keeps what was counted of it, and goes on.
func TestReturnedStream(t *testing.T) {
	table := NewTable([]Expectation{expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"))})
	ledger := NewLedger(Limits{})
	send := func(n uint32) {
		ledger.Observe(table, parcel{host: "esx-01", kind: erspan.TypeII, id: 5, src: alice, dst: router}.arrival(n))
	}
	session := Stream{UID: "s", Exporter: hosts["esx-01"], Destination: receiver, Type: erspan.TypeII, ID: 5}
	for n := range uint32(10) {
		send(n)
	}
	ledger.Follow(session, sequence.Numbers{Packets: 50, Lost: 7, Usable: true}, 0)
	send(10)
	if s := ledger.View().streams()[session.key()]; s.packets != 60 || s.lost != 7 || !s.usable {
		t.Errorf("while away: %+v", s)
	}
	ledger.Return(session, 0)
	ledger.Return(session, 0) // a second time does nothing
	for n := uint32(67); n < 77; n++ {
		send(n)
	}
	if s := ledger.View().streams()[session.key()]; s.packets != 70 || s.lost != 7 || !s.usable {
		t.Errorf("returned: %+v", s)
	}
}
