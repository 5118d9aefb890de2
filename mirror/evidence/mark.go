package evidence

import (
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// The GRE keys of an ESXi host with encapsulation gre, as the one public sample has them: what the VM sent, and what it was sent.
const (
	keyFromVM = 0x02000000
	keyToVM   = 0
)

// marks learns whether an exporter marks its packets with the direction they were mirrored in: ESXi's GRE key, and the D bit of
// ERSPAN III (0, ingress, is what the VM sent). Neither is documented for ESXi, others leave both at zero, and so a mark is believed
// only of an exporter that sends both of its values, and whose marks agree with the MAC addresses where those leave no doubt.
type marks struct {
	from, to        bool // a packet so marked was seen
	agree, disagree uint64
}

// markOf is what p says of its direction. It is not ok when p says nothing.
func markOf(p erspan.Packet) (d mirror.Direction, ok bool) {
	return markIn(p.Type, p.Header.Direction, p.GRE.HasKey, p.GRE.Key)
}

func markIn(t erspan.Type, bit erspan.Direction, hasKey bool, key uint32) (d mirror.Direction, ok bool) {
	switch {
	case t == erspan.TypeIII && bit == erspan.Egress:
		return mirror.ToVM, true
	case t == erspan.TypeIII:
		return mirror.FromVM, true
	case t == erspan.Bridging && hasKey && key == keyFromVM:
		return mirror.FromVM, true
	case t == erspan.Bridging && hasKey && key == keyToVM:
		return mirror.ToVM, true
	}
	return mirror.Both, false
}

// testimony is what one packet tells of the marks of its exporter.
type testimony struct {
	marked  bool             // it bears a mark,
	said    mirror.Direction // which says this
	certain bool             // its addresses leave no doubt of its direction,
	was     mirror.Direction // which was this
}

func (t *Table) testimonyOf(s *sighting) (m testimony) {
	if m.said, m.marked = markOf(s.packet); m.marked {
		m.was, m.certain = t.directionByMAC(s)
	}
	return m
}

// add returns what is learnt of so many packets that tell it.
func (t testimony) add(m marks, packets uint64) marks {
	if !t.marked {
		return m
	}
	m.saw(t.said)
	if t.certain {
		m.compare(t.said, t.was, packets)
	}
	return m
}

// saw notes a mark.
func (m *marks) saw(d mirror.Direction) {
	if d == mirror.FromVM {
		m.from = true
	} else {
		m.to = true
	}
}

// compare notes what a mark said of so many packets whose direction was certain without it.
func (m *marks) compare(said, was mirror.Direction, packets uint64) {
	if said == was {
		m.agree += packets
	} else {
		m.disagree += packets
	}
}

func (m *marks) believed() bool {
	return m.from && m.to && m.disagree*16 <= m.agree
}
