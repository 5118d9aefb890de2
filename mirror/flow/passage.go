package flow

import "github.com/vspan-io/vspan/mirror"

// Passage is what a stateful firewall at a site would have done with a conversation, had all that was seen there passed it.
type Passage struct {
	Site string
	// Verdict is one of the three.
	Verdict PassageVerdict
	// Doubt is why there is no verdict.
	Doubt Doubt
	// Reason is why it would have dropped; "" otherwise.
	Reason string
	// At is the first packet it would have dropped.
	At *Ref
	// SawA and SawB say whether packets from A and from B were seen at the site.
	SawA, SawB bool
}

// PassageVerdict is what a firewall would have done.
type PassageVerdict uint8

// The verdicts.
const (
	CannotTell PassageVerdict = iota
	WouldPass
	WouldDrop
)

// String is the stable name for JSON and logs.
func (p PassageVerdict) String() string {
	switch p {
	case WouldPass:
		return "would_pass"
	case WouldDrop:
		return "would_drop"
	}
	return "cannot_tell"
}

// firewalls adds what a firewall at each site would have done.
func (v *verdict) firewalls() {
	for i := range v.d.views {
		w := &v.d.views[i]
		if w.site == 0 {
			return
		}
		p := Passage{Site: v.siteName(w.site), SawA: v.sawAt(v.f.sideA, w.site), SawB: v.sawAt(1-v.f.sideA, w.site)}
		switch {
		case w.suspect != noObjection:
			p.Doubt = v.objectionDoubt(w)
			at := v.ref(&w.shown)
			p.At = &at
			p.Reason = objections[w.suspect]
			if p.Doubt == Sure {
				p.Verdict = WouldDrop
				v.say(Problem{
					Kind: FirewallDrop, Site: p.Site, Packets: []Ref{at},
					Detail: "A stateful firewall at this site would have dropped a packet: " + p.Reason + ".",
				}, Sure)
			}
		case w.asked && w.agreed:
			p.Verdict = WouldPass
		default:
			p.Doubt = NotYet
		}
		v.f.Passages = append(v.f.Passages, p)
	}
}

func (v *verdict) siteName(site uint8) string {
	for i := range v.points {
		if v.points[i].site == site {
			return v.points[i].Site
		}
	}
	return ""
}

func (v *verdict) sawAt(side int, site uint8) bool {
	for i := range v.e.sightings[side] {
		if g := &v.e.sightings[side][i]; g.packets > 0 && v.points[g.point].site == site {
			return true
		}
	}
	return false
}

// objectionDoubt is why the firewall's objection may rest on what the mirror did not show.
func (v *verdict) objectionDoubt(w *firewall) Doubt {
	switch {
	case v.now <= w.at+settling || v.newestOf(w.site) <= w.at+settling/2 && v.e.last <= w.at+settling/2:
		return NotYet
	case v.config.Sampling > 1:
		return Sampled
	case v.config.oneWay():
		return OneDirection
	case v.d.replaced:
		return MirrorLost
	case v.d.blind:
		return HeadersCut
	}
	switch w.suspect {
	case noConnection:
		return v.connectionDoubt(w)
	case noAgreement:
		return v.agreementDoubt(w)
	}
	return v.dataDoubt(w)
}

// newestOf is when the mirrors of a site were last heard, ns.
func (v *verdict) newestOf(site uint8) (ns int64) {
	for i := range v.points {
		if v.points[i].site == site {
			ns = max(ns, v.streams[v.points[i].stream].last)
		}
	}
	return ns
}

// connectionDoubt is about a SYN that was not seen at a site. That the whole handshake was seen elsewhere, and only after that anything
// here, is proof enough.
func (v *verdict) connectionDoubt(w *firewall) Doubt {
	syn := &v.d.refs[firstSYN]
	asker := int(v.e.initiator) - 1
	switch {
	case syn.number == 0:
		return BeginningUnseen
	case int(w.shown.side) != asker && !v.wouldShow(asker, w.site):
		return OneDirection
	case v.d.ackAt != 0 && v.d.ackAt < w.at-settling:
		return Sure
	}
	return v.unbroken(syn.time, w.at)
}

// agreementDoubt is about the answer to a SYN that was not seen at a site.
func (v *verdict) agreementDoubt(w *firewall) Doubt {
	if !v.wouldShow(1-int(w.side), w.site) {
		return OneDirection
	}
	return v.unbroken(v.d.synAt, w.at)
}

// dataDoubt is about data that was not seen at a site: another site must have seen it.
func (v *verdict) dataDoubt(w *firewall) Doubt {
	side := 1 - int(w.shown.side)
	for i := range v.e.sightings[side] {
		g := &v.e.sightings[side][i]
		if g.packets == 0 || v.points[g.point].site == w.site || after(w.ack, g.next) {
			continue
		}
		if g.packets >= 10 && !v.heardSince(side, w) && v.time(g.last) > w.at+settling {
			return Sure
		}
		return v.unbroken(w.at-settling, w.at+settling)
	}
	return MirrorLost
}

// heardSince reports whether the site saw anything of a side after the objection.
func (v *verdict) heardSince(side int, w *firewall) bool {
	for i := range v.e.sightings[side] {
		g := &v.e.sightings[side][i]
		if g.packets > 0 && v.points[g.point].site == w.site && v.time(g.last) > w.at {
			return true
		}
	}
	return false
}

// wouldShow reports whether the mirrors of a site would have shown what a side sends, had it passed there: they show both directions of
// what they watch, or the direction that is missed is seen at another site instead.
func (v *verdict) wouldShow(side int, site uint8) bool {
	for i := range v.e.sightings[1-side] {
		g := &v.e.sightings[1-side][i]
		w := &v.points[g.point]
		if g.packets == 0 || w.site != site {
			continue
		}
		if w.Direction == mirror.Both || w.other != 0 {
			return true
		}
		for k := range v.e.sightings[side] {
			o := &v.e.sightings[side][k]
			if ow := &v.points[o.point]; o.packets > 0 && ow.site != site && ow.Direction != w.Direction {
				return true
			}
		}
	}
	return v.sawAt(side, site)
}
