package flow

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Patience, in ns.
const (
	closePatience = int64(60 * time.Second) // how long after one end closed the other may still send
	moveGrace     = 3 * stampSecond         // how long after a move packets may still pass the old place
)

// judgement is what conversations are judged by: the state of the mirror at one time, copied.
type judgement struct {
	config   Config
	now      int64
	points   []watchpoint
	streams  []stream
	losses   losses
	scanning map[address]bool
	// ways are, of conversations seen one way only, the sides that were seen in any VLAN.
	ways map[key]uint8
}

// judge adds what is wrong with e to f.
func (j *judgement) judge(e *whole, d *details, f *Flow) {
	v := verdict{judgement: j, e: e, d: d, f: f}
	if e.isTCP() {
		v.handshake()
		v.ending()
		for side := range 2 {
			v.gaps(side)
		}
		v.window()
		v.repeats()
		v.firewalls()
	}
	v.unidirectional()
	v.asymmetric()
}

// verdict is about one conversation.
type verdict struct {
	*judgement
	e *whole
	d *details
	f *Flow
}

// say adds a problem, or a doubt. What a one-way mirror cannot show is neither, and what may still be settled is not said yet.
func (v *verdict) say(p Problem, doubt Doubt, roles ...role) {
	if doubt == NotYet || doubt == OneDirection && v.config.oneWay() {
		return
	}
	for _, r := range roles {
		if v.d.refs[r].number != 0 && len(p.Packets) < 4 {
			p.Packets = append(p.Packets, v.ref(&v.d.refs[r]))
		}
	}
	if len(p.Packets) > 0 && p.Since.IsZero() {
		p.Since = p.Packets[0].Time
	}
	if p.Doubt = doubt; doubt == Sure {
		v.f.Problems = append(v.f.Problems, p)
		return
	}
	v.f.Doubts = append(v.f.Doubts, p)
}

func (v *verdict) ref(r *ref) Ref {
	return Ref{
		Number: r.number, Time: time.Unix(0, r.time), FromA: int(r.side) == v.f.sideA, At: v.points[r.point].Watchpoint,
		TCP: r.tcp, Flags: r.flags, Seq: r.seq, Ack: r.ack, Window: r.window, Length: r.length,
	}
}

// handshake judges connections that did not come about.
func (v *verdict) handshake() {
	e, d := v.e, v.d
	if e.initiator == 0 {
		return
	}
	began := int(e.initiator) - 1
	answers, _ := e.packets(d, 1-began)
	var p Problem
	var doubt Doubt
	switch {
	case d.refused:
		p = Problem{Kind: Refused, Detail: "The SYN was answered with a reset: nothing listens there, or something in between refuses."}
	case e.state == SYNSent && answers == 0:
		p = Problem{Kind: SYNWithoutAnswer, Detail: "The SYN was not answered."}
		doubt = v.absence(1-began, d.synAt, max(d.refs[lastSYN].time, e.last)+answerPatience, d.syns >= 3)
	case e.state == SYNReceived:
		p = Problem{Kind: IncompleteHandshake, Detail: "The answer to the SYN was not acknowledged."}
		doubt = v.absence(began, d.synAckAt, e.last+answerPatience, d.synAcks >= 3)
	case e.state == Aborted && d.ackAt == 0 && d.synAcks > 0 && d.refs[firstOther].number == 0 && e.sides[began].seen&sawRST != 0:
		p = Problem{Kind: IncompleteHandshake, Detail: "The answer to the SYN was met with a reset."}
	default:
		return
	}
	if doubt != NotYet && v.scanning[e.key.ends[began]] {
		p = Problem{Kind: PortScan, Detail: "One of many attempts of this address that come to nothing."}
		doubt = Sure
	}
	v.say(p, doubt, firstSYN, lastSYN, firstSYNACK, firstRST)
}

// ending judges connections that came about and ended badly.
func (v *verdict) ending() {
	e, d := v.e, v.d
	closed := (e.sides[0].seen | e.sides[1].seen) & sawFIN
	switch {
	case e.state == Aborted && closed == 0 && !d.refused && (d.refs[firstOther].number != 0 || e.initiator == 0):
		v.say(Problem{Kind: Reset, Detail: "An established connection was reset."}, Sure, firstRST)
	case e.state == Aborted && closed != 0:
		v.say(Problem{Kind: IncompleteTermination, Detail: "One end closed, and the connection ended with a reset."}, Sure, firstFIN, firstRST)
	case e.state == HalfClosed:
		open := 0
		if e.sides[0].seen&sawFIN != 0 {
			open = 1
		}
		doubt := v.absence(open, d.refs[firstFIN].time, e.last+closePatience, false)
		v.say(Problem{Kind: IncompleteTermination, Detail: "One end closed, and the other never did."}, doubt, firstFIN)
	}
}

// absence is the doubt about a packet of a side that was not seen from one time to another, in ns. telling says that the other end
// behaved as one does that got no such packet either, more than once.
func (v *verdict) absence(side int, from, to int64, telling bool) Doubt {
	switch {
	case v.now < to:
		return NotYet
	case v.config.Sampling > 1:
		return Sampled
	case v.config.oneWay() || !v.shows(side):
		return OneDirection
	case v.ways[v.e.key.pathless()] == 3:
		return OtherVLAN
	case telling:
		return Sure
	case v.d.blind:
		return HeadersCut
	}
	return v.unbroken(from, to)
}

// shows reports whether the mirror shows what a side sends, or would: it did, or it shows the other direction at a place where it
// shows both.
func (v *verdict) shows(side int) bool {
	if v.e.sightings[side][0].packets > 0 {
		return true
	}
	for i := range v.e.sightings[1-side] {
		g := &v.e.sightings[1-side][i]
		if w := &v.points[g.point]; g.packets > 0 && (w.Direction == mirror.Both || w.other != 0) {
			return true
		}
	}
	return false
}

// unbroken is the doubt about whether the mirror lost something of the conversation from one time to another.
func (v *verdict) unbroken(from, to int64) Doubt {
	if v.losses.between(from, to) > 0 {
		return MirrorLost
	}
	for side := range v.e.sightings {
		for i := range v.e.sightings[side] {
			g := &v.e.sightings[side][i]
			if g.packets == 0 {
				continue
			}
			switch m := &v.streams[v.points[g.point].stream]; {
			case m.unnumbered >= from-int64(time.Second):
				return NotNumbered
			case m.last < min(to, from+int64(time.Second)):
				return NotYet // a loss shows by the numbers of later packets only
			}
		}
	}
	return Sure
}

// unidirectional judges conversations of which one direction is not seen.
func (v *verdict) unidirectional() {
	e, d := v.e, v.d
	silent := 0
	if e.sightings[0][0].packets > 0 {
		silent = 1
	}
	n, _ := e.packets(d, 1-silent)
	if e.sightings[silent][0].packets > 0 || n < 3 {
		return
	}
	switch e.key.protocol() {
	case frame.ProtocolTCP:
		if e.state < Established || e.state == Aborted && d.refs[firstOther].number == 0 {
			return
		}
	case frame.ProtocolUDP:
		if !answers(e.key.port(silent)) {
			return // nobody has to answer
		}
	default:
		return
	}
	doubt := v.absence(silent, d.first, max(e.last, d.first+answerPatience), n >= 10 && 2*v.losses.between(d.first, e.last) < n)
	v.say(Problem{Kind: Unidirectional, Detail: "One end sends, and of the other nothing is seen.", Since: time.Unix(0, d.first)}, doubt,
		firstSYN, firstSYNACK, firstOther)
}

// answers reports whether what is sent to a UDP port is answered as a rule.
func answers(port uint16) bool {
	switch port {
	case 53, 88, 123, 161, 389:
		return true
	}
	return false
}

// repeats judges whether data is sent again more often than happens.
func (v *verdict) repeats() {
	for side := range 2 {
		n, _ := v.e.packets(v.d, side)
		if again := worst(&v.e.sightings[side], func(g *sighting) uint32 { return g.repeats }); again >= 3 && 100*again >= n && v.e.state >= Established {
			v.say(Problem{Kind: Retransmissions, Detail: "Data was sent again: the network loses or delays it."}, Sure, firstRepeat, lastRepeat)
			return
		}
	}
}

// worst is the highest count of any sighting: what happened is seen at some places and not at others, and once at each.
func worst(all *[maxSightings]sighting, count func(*sighting) uint32) (n uint64) {
	for i := range all {
		n = max(n, uint64(count(&all[i])))
	}
	return n
}
