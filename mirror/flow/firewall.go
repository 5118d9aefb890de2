package flow

// maxViews is how many sites' views of one conversation are kept.
const maxViews = 3

// firewall is what a stateful firewall at one site would have made of a conversation, from what was seen there: it lets a connection
// pass that it saw begin, and knows data only that it saw.
type firewall struct {
	site     uint8
	asked    bool // it saw a SYN
	agreed   bool // and the SYN that answers it
	refusing bool // a reset ended it
	side     uint8
	suspect  objection
	at       int64 // ns: when the objection arose
	ack      uint32
	shown    ref
}

// objection is why a stateful firewall drops a packet.
type objection uint8

const (
	noObjection objection = iota
	// noConnection: a packet of a connection whose SYN did not pass here.
	noConnection
	// noAgreement: a packet that follows a SYN whose answer did not pass here.
	noAgreement
	// unseenData: an acknowledgement of data that did not pass here.
	unseenData
)

var objections = [...]string{
	noObjection:  "",
	noConnection: "the connection's SYN did not pass here",
	noAgreement:  "the answer to the SYN did not pass here",
	unseenData:   "it acknowledges data that did not pass here",
}

// settling is how long the mirrors of several hosts may be behind each other: what was missed is not missing before, ns.
const settling = int64(1_000_000_000)

// look shows a packet to the firewall of a site.
func (t *Tracker) look(e *entry, d *details, site uint8, g sighting, s *sighted, seg *segment) {
	v, alone := d.view(site)
	if v == nil {
		return
	}
	switch {
	case seg.flags&RST != 0:
		v.refusing = true
	case seg.flags&(SYN|ACK) == SYN:
		v.asked, v.side = true, uint8(s.side)
		v.clear(noConnection, s.ns)
	case seg.flags&SYN != 0:
		v.agreed = true
		v.clear(noAgreement, s.ns)
		if !v.asked {
			v.object(noConnection, s, seg)
		}
	case !v.asked:
		v.object(noConnection, s, seg)
	case !v.agreed:
		v.object(noAgreement, s, seg)
	case !alone:
		v.weigh(t, e, d, g, s, seg)
	}
	switch {
	case !alone:
		e.settled = 0
	case v.suspect == noObjection && v.asked && v.agreed, v.suspect != noObjection && s.ns-v.at > settling:
		e.settled = site
	}
}

// view is the view of a site, and whether no other has one. It is nil when there are too many.
func (d *details) view(site uint8) (v *firewall, alone bool) {
	for i := range d.views {
		switch d.views[i].site {
		case 0:
			d.views[i].site = site
			return &d.views[i], i == 0
		case site:
			return &d.views[i], d.views[1].site == 0
		}
	}
	return nil, false
}

// object notes the first objection.
func (v *firewall) object(o objection, s *sighted, seg *segment) {
	if v.suspect == noObjection && !v.refusing {
		v.suspect, v.at, v.ack, v.shown = o, s.ns, seg.ack, s.ref(seg)
	}
}

// clear drops an objection that what came late has answered.
func (v *firewall) clear(o objection, now int64) {
	if v.suspect == o && now-v.at <= settling {
		v.suspect = noObjection
	}
}

// weigh compares an acknowledgement with what the other end was seen to send at this site.
func (v *firewall) weigh(t *Tracker, e *entry, d *details, g sighting, s *sighted, seg *segment) {
	if v.suspect == unseenData && int(v.shown.side) != s.side && !after(v.ack, g.next) {
		v.clear(unseenData, s.ns)
	}
	if seg.flags&ACK == 0 {
		return
	}
	known, high := false, uint32(0)
	for i := range maxSightings {
		o := e.sighting(d, 1-s.side, i)
		if o.packets > 0 && o.flags&followed != 0 && t.points.spots[o.point].site == v.site && (!known || after(o.next, high)) {
			known, high = true, o.next
		}
	}
	if ahead := int32(seg.ack - high); known && ahead > 0 && ahead < far {
		v.object(unseenData, s, seg)
	}
}
