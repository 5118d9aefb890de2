package evidence

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// Alike names packets that are attributed alike, so that they may be counted elsewhere, in the kernel, and be brought here by the many.
type Alike struct {
	Exporter, Destination netip.Addr
	Type                  erspan.Type
	ID                    uint16           // 0 for a type without one
	HardwareID            uint8            // of Type III
	Said                  mirror.Direction // by the exporter's mark; Both where there is none
	Src, Dst              frame.MAC
}

// Recurring is packets alike that belong to one source of one session.
type Recurring struct {
	Alike
	UID        string // of the session
	SnapLength int    // that was asked for; 0: whole frames

	key  memoKey // what was thought of them is kept by
	ends memoEnds
}

// Volume is an empty one of the packets that recur.
func (r *Recurring) Volume() Volume { return Volume{Alike: r.Alike, key: r.key, ends: r.ends} }

// Volume is what was counted of packets alike.
type Volume struct {
	Alike
	Packets, Bytes uint64 // frames and their inner bytes
	OuterBytes     uint64 // of the outer datagrams
	Truncated      uint64 // cut by the sender,
	Early          uint64 // and of those, shorter than was asked for
	Missing        uint64 // bytes that were cut off
	Largest        uint32 // bytes of the largest frame; 0 where it is not known
	First, Last    time.Time

	key  memoKey // as of a Recurring, if it is of one
	ends memoEnds
}

// Recurring lists what came here again and again since it was last asked, and may be counted elsewhere from now on.
func (l *Ledger) Recurring() []Recurring {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	var list []Recurring
	for _, m := range l.memos.news() {
		m.noted = false
		if m.good {
			list = append(list, Recurring{
				Alike: m.alike(), UID: m.thought.whose.UID, SnapLength: m.thought.snapLength, key: m.key, ends: m.thought.ends,
			})
		}
	}
	return list
}

// alike names the packets of m.
func (m *memo) alike() Alike {
	tag := erspan.Tag(m.key.rest >> atTag & (1<<(atMark-atTag) - 1))
	a := Alike{
		Exporter: m.thought.exporter, Destination: m.thought.destination,
		Type: tag.Type(), ID: tag.SessionID(), HardwareID: tag.HardwareID(), Said: m.thought.testimony.said,
	}
	var stations [12]byte
	binary.LittleEndian.PutUint64(stations[:], m.key.stations)
	binary.LittleEndian.PutUint32(stations[8:], uint32(m.key.rest))
	a.Dst, a.Src = frame.MAC(stations[:6]), frame.MAC(stations[6:])
	return a
}

// Add brings what was counted elsewhere, and reports of each whether it still belongs to one source of one session. t is the newest
// table.
func (l *Ledger) Add(t *Table, volumes []Volume) []bool {
	l.Begin(t)
	defer l.End()
	mine := make([]bool, len(volumes))
	for i := range volumes {
		mine[i] = l.add(&volumes[i])
	}
	return mine
}

func (l *Ledger) add(v *Volume) bool {
	l.memos.missed = false
	l.totals.Packets += v.Packets
	l.totals.Bytes += v.OuterBytes
	if m := l.memos.get(v.key, &v.ends); m != nil && m.holds(v.Packets) {
		l.bring(m, v)
		return true
	}
	l.whose, l.found = Whose{}, found{}
	s := v.sighting()
	l.attribute(&s)
	return l.whose.PortKey != ""
}

// bring counts a volume of which what was thought holds.
func (l *Ledger) bring(m *memo, v *Volume) {
	m.whole.seen = v.Last.UnixNano()
	t, sum := m.thought, v.mass()
	account := &l.rows[t.claim.row]
	account.add(t.exporter, t.whose.Host, sum)
	account.credit(t.claim, sum)
	l.totals.Confirmed += sum.Packets
}

// mass is what packets alike weigh.
func (v *Volume) mass() mass {
	return mass{
		Volume:    mirror.Volume{Packets: v.Packets, Bytes: v.Bytes},
		truncated: v.Truncated, early: v.Early, missing: v.Missing, largest: v.Largest, first: v.First, last: v.Last,
	}
}

// sighting is what packets alike tell.
func (v *Volume) sighting() sighting {
	s := sighting{
		mass: v.mass(), exporter: plain(v.Exporter), destination: plain(v.Destination), now: v.Last.UnixNano(),
	}
	s.packet.Type = v.Type
	s.packet.Header = erspan.Header{SessionID: v.ID, HardwareID: v.HardwareID}
	s.frame.Src, s.frame.Dst = v.Src, v.Dst
	switch {
	case v.Type == erspan.TypeIII && v.Said == mirror.ToVM:
		s.packet.Header.Direction = erspan.Egress
	case v.Type == erspan.Bridging && v.Said == mirror.FromVM:
		s.packet.GRE = gre.Header{HasKey: true, Key: keyFromVM}
	case v.Type == erspan.Bridging && v.Said == mirror.ToVM:
		s.packet.GRE = gre.Header{HasKey: true, Key: keyToVM}
	}
	return s
}
