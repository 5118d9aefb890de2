package flow

import (
	"fmt"
	"time"
)

// asymmetric judges whether the two directions pass different hosts. A direction that is seen at one host is missed at it only if the
// other would be seen there too: what a VM sends is seen where it sends, and what it is sent is seen where it receives.
func (v *verdict) asymmetric() {
	if v.config.Sampling > 1 && v.f.Packets() < 100 {
		return
	}
	for i := range v.e.sightings[0] {
		for k := range v.e.sightings[1] {
			p, q := &v.e.sightings[0][i], &v.e.sightings[1][k]
			if p.packets == 0 || q.packets == 0 || !v.apart(p, q) {
				continue
			}
			pw, qw := &v.points[p.point], &v.points[q.point]
			kind := AsymmetricHosts
			if pw.site != qw.site && pw.site != 0 && qw.site != 0 {
				kind = AsymmetricSites
			}
			v.say(v.crossing(kind, p, q), Sure)
			return
		}
	}
}

// crossing words the problem.
func (v *verdict) crossing(kind Kind, p, q *sighting) Problem {
	pw, qw := &v.points[p.point], &v.points[q.point]
	a, b := pw, qw // as seen from A and from B
	if v.f.sideA == 1 {
		a, b = qw, pw
	}
	begin := p.first
	if since(q.first, p.first) > 0 {
		begin = q.first
	}
	detail := fmt.Sprintf("A to B passes %s, B to A passes %s", place(a), place(b))
	if v.moved(0, begin) || v.moved(1, begin) {
		detail += ", since one of them moved"
	}
	return Problem{Kind: kind, Detail: detail + ".", Since: time.Unix(0, v.time(begin))}
}

func place(w *watchpoint) string {
	if w.Site != "" {
		return fmt.Sprintf("host %q at site %q", w.Host, w.Site)
	}
	return fmt.Sprintf("host %q", w.Host)
}

// moved reports whether a side was seen elsewhere before.
func (v *verdict) moved(side int, begin uint32) bool {
	for i := range v.e.sightings[side] {
		if g := &v.e.sightings[side][i]; g.packets > 0 && since(begin, g.first) > moveGrace {
			return true
		}
	}
	return false
}

// apart reports whether p, of one side, and q, of the other, show the two directions at different hosts at one time, and neither
// host shows both.
func (v *verdict) apart(p, q *sighting) bool {
	pw, qw := &v.points[p.point], &v.points[q.point]
	if p.point == 0 || q.point == 0 || pw.Host == qw.Host || !pw.complements(qw) {
		return false
	}
	from, to := later(p.first, q.first), earlier(p.last, q.last)
	least, grace := uint64(2), int32(0)
	if v.f.MirrorLost > 0 || v.config.Sampling > 1 {
		least = 5
	}
	if v.e.sightings[0][1].packets > 0 || v.e.sightings[1][1].packets > 0 {
		grace = moveGrace
	}
	if p.packets < least || q.packets < least || since(to, from) < grace {
		return false
	}
	return !v.accompanied(p, 1, from, to) && !v.accompanied(q, 0, from, to)
}

// accompanied reports whether the other direction, sent by side, is seen at the host of g at the same time.
func (v *verdict) accompanied(g *sighting, side int, from, to uint32) bool {
	w := &v.points[g.point]
	for i := range v.e.sightings[side] {
		o := &v.e.sightings[side][i]
		ow := &v.points[o.point]
		if o.packets > 0 && ow.Host == w.Host && ow.complements(w) && since(o.last, from) > moveGrace/2 && since(to, o.first) > 0 {
			return true
		}
	}
	return false
}

func later(a, b uint32) uint32 {
	if since(a, b) > 0 {
		return a
	}
	return b
}

func earlier(a, b uint32) uint32 {
	if since(a, b) > 0 {
		return b
	}
	return a
}
