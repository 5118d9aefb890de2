package flow

import "time"

// gaps judges data of a side that its receiver acknowledged and that was never seen.
func (v *verdict) gaps(side int) {
	at, ok := v.missing(side)
	if !ok {
		return
	}
	doubt := Sampled
	if v.config.Sampling == 1 {
		doubt = v.unbroken(at, at+settling)
	}
	switch {
	case doubt == MirrorLost:
		return // it is the mirror's, and is counted as such
	case v.now < at+2*settling:
		doubt = NotYet
	case v.d.blind:
		doubt = HeadersCut
	}
	p := Problem{Kind: SequenceGap, Detail: "Data was acknowledged that was not seen: it took another way, or was not mirrored.", Since: time.Unix(0, at)}
	if u := &v.d.unseen[side]; u.set && v.d.refs[firstGap].number == 0 {
		p.Packets = append(p.Packets, v.ref(&u.shown))
	}
	v.say(p, doubt, firstGap)
}

// missing finds such data and says when it was missed.
func (v *verdict) missing(side int) (at int64, ok bool) {
	all := &v.e.sightings[side]
	acked := v.e.sides[1-side].ack
	for i := range all {
		for _, h := range all[i].holes[:all[i].numHoles] {
			if h.at&excused == 0 && v.e.sides[1-side].seen&sawAck != 0 && !after(h.to, acked) && !elsewhere(all, i, h.from, h.to) {
				return v.time(h.at), true
			}
		}
	}
	u := &v.d.unseen[side]
	return u.at, u.set
}

// elsewhere reports whether another sighting has what one has not.
func elsewhere(all *[maxSightings]sighting, but int, from, to uint32) bool {
	for i := range all {
		if i != but && all[i].packets > 0 && all[i].covers(from, to) {
			return true
		}
	}
	return false
}

// time is the time of a stamp that lies in the past.
func (j *judgement) time(stamp uint32) int64 {
	return j.now - int64(since(stampOf(j.now), stamp))<<20
}

// window judges segments that neither end would take.
func (v *verdict) window() {
	if v.d.refs[outside].number == 0 {
		return
	}
	var doubt Doubt
	switch {
	case v.config.Sampling > 1:
		doubt = Sampled
	case v.d.blind:
		doubt = HeadersCut
	case v.e.sides[0].seen&v.e.sides[1].seen&sawSYN == 0:
		doubt = BeginningUnseen
	default:
		doubt = v.unbroken(v.d.first, v.d.crossedAt)
	}
	v.say(Problem{Kind: OutOfWindow, Detail: "A segment lies outside of what its receiver would take."}, doubt, outside)
}
