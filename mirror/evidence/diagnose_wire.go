package evidence

import (
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// receiverDrops: this machine itself loses packets.
func (c *hearing) receiverDrops(h *heard) {
	if !c.history.dropped.since(c.windowStart()) {
		return
	}
	w, over := c.history.within(c.options.Window)
	d := mirror.Diagnosis{
		Code: mirror.ReceiverDrops, Severity: mirror.Warning, Subject: "receiver",
		Message: fmt.Sprintf("this machine dropped %d packets of any session in the last %s, and %d since it looks at this one", w.dropped, seconds(over), c.history.droppedNow),
		Remedy:  "give the receiver more workers or more processors, count in the kernel (--receiver-mode xdp with --receiver-interface), or ask for a snap length or for sampling",
		Figures: []mirror.Figure{count("dropped_lately", w.dropped, "packets"), count("dropped", c.history.droppedNow, "packets"), span("over", over)},
	}
	if h.reason(mirror.ReceiverDropping) {
		d.Severity = mirror.Trouble
	}
	if r := c.in.Receiver; r.RingDropped+r.BufferDropped > 0 {
		d.Message += fmt.Sprintf("; since it started %d because its ring was full and %d because its socket's buffer was", r.RingDropped, r.BufferDropped)
		d.Figures = append(d.Figures, count("ring_dropped", r.RingDropped, "packets"), count("buffer_dropped", r.BufferDropped, "packets"))
		if r.RingDropped == 0 {
			d.Remedy = "let it have a ring instead of a raw socket (CAP_NET_RAW and CAP_NET_ADMIN), or raise net.core.rmem_max"
		}
	}
	h.add(d)
}

// otherEncapsulation: it arrives, but not as it was asked for.
func (c *hearing) otherEncapsulation(h *heard) {
	const remedy = "see on the switch what the session says now (vspan compares it at each read), and whether the host %s follows: disable and enable the session; if a second session mirrors the same VM here, remove it or give it a receiver of its own"
	if o := c.tally.wrongType; h.reason(mirror.WrongEncapsulation) && o.packets > 0 {
		h.add(mirror.Diagnosis{
			Code: mirror.EncapsulationOnTheWire, Severity: mirror.Trouble, Subject: c.sender(o.exporter),
			Message: fmt.Sprintf("%s sends it as %s id %d, and %s was asked for", c.sender(o.exporter), o.kind, o.id, c.encapsulation()),
			Remedy:  fmt.Sprintf(remedy, c.sender(o.exporter)),
			Figures: []mirror.Figure{count("packets", o.packets, "packets"), count("erspan_id", int(o.id), "count")},
		})
	}
	if o := c.tally.wrongID; h.reason(mirror.WrongERSPANID) && o.packets > 0 {
		h.add(mirror.Diagnosis{
			Code: mirror.ERSPANIDOnTheWire, Severity: mirror.Trouble, Subject: c.sender(o.exporter),
			Message: fmt.Sprintf("%s sends it under id %d, and %d was asked for", c.sender(o.exporter), o.id, c.in.Session.ERSPANID),
			Remedy:  fmt.Sprintf(remedy, c.sender(o.exporter)),
			Figures: []mirror.Figure{count("packets", o.packets, "packets"), count("erspan_id", int(o.id), "count"), count("erspan_id_asked", int(c.in.Session.ERSPANID), "count")},
		})
	}
}

// unlistedExporter: what looks like the session's comes from an address that is no host's.
func (c *hearing) unlistedExporter(h *heard) {
	if !c.history.unlisted.since(c.windowStart()) {
		return
	}
	from := c.tally.unlistedFrom.String()
	d := mirror.Diagnosis{
		Code: mirror.UnlistedExporter, Severity: mirror.Note, Subject: from,
		Message: fmt.Sprintf("packets that fit the session also come from %s, which is no vmkernel address of a host on switch %q: they are counted nowhere and confirm nothing", from, c.in.Placement.SwitchName),
		Remedy:  fmt.Sprintf("find out who has %s: somebody may be making them up; block IP protocol 47 from it if it is nobody's mirror", from),
		Figures: []mirror.Figure{count("packets", c.tally.unlisted, "packets")},
	}
	if h.reason(mirror.UnlistedSource) {
		d.Severity = mirror.Trouble
		d.Message = fmt.Sprintf("it comes from %s alone, which is no vmkernel address of a host on switch %q, and so confirms nothing", from, c.in.Placement.SwitchName)
		d.Remedy = fmt.Sprintf("%s must be a vmkernel address of a host: take address translation off the path between hosts and receiver, or, if a host got this address just now, see that vCenter knows it", from)
	}
	h.add(d)
}

// oneDirection: of a source only one direction arrives although the port moved both.
func (c *hearing) oneDirection(h *heard) {
	c.each(h, func(p *mirror.PlacedSource, s *sourceHistory, v mirror.Verdict) {
		if v.Reason != mirror.DirectionMissing {
			return
		}
		for _, d := range waysOf(p.Direction) {
			moved, missing := c.oneWay(p, s, d)
			if !missing {
				continue
			}
			silent := c.now.Sub(c.directSince(p, s, d))
			found := mirror.Diagnosis{
				Code: mirror.OneDirection, Severity: mirror.Trouble, Subject: label(p),
				Message: fmt.Sprintf("of %s nothing %s arrived in %s, while its port moved %s that way and the other direction arrives", label(p), d, seconds(silent), amount(moved)),
				Remedy:  fmt.Sprintf("the path is open, as the other direction comes over it: see that the session on the switch has port %s in both lists of sources, and that the port is not promiscuous; then disable and enable the session", p.Port.Key),
				Figures: []mirror.Figure{span("silent", silent), count("moved", moved.Packets, "packets"), count("moved_bytes", moved.Bytes, "bytes")},
			}
			if n, large := c.allLarge(p, s, d, moved); large && c.numbersShowLoss() {
				found = c.narrowPath(p.Port.Host, []string{n.who}, n)
				h.tooNarrow(p.Port.Host)
			} else if large {
				found.Message += fmt.Sprintf("; what is missing is large, %.0f bytes on average, and nothing above %d arrives from %s", n.mean, n.largest, p.Port.Host)
				found.Remedy = fmt.Sprintf("see first whether packets of %.0f bytes pass from %s to %s (MTU); if they do, %s", n.mean+float64(c.overhead()), p.Port.Host, addresses(c.in.Placement.Destinations), found.Remedy)
			}
			h.add(found)
		}
	})
}

// sequenceLoss: packets are lost on the path: by their numbers, or, where there are none that can be used, by the ports' counters. What
// a path that is too narrow explains is not said again.
func (c *hearing) sequenceLoss(h *heard) {
	const remedy = "look for drops at the uplinks of the hosts, at switches between them and the receiver, and at this machine's interface (ethtool -S): mirror traffic is often the first to be policed; a snap length makes it less"
	if len(h.narrow) > 0 {
		return
	}
	if w, over := c.history.within(min(c.options.Window, c.now.Sub(c.in.Placement.Since))); c.gapped(w) {
		h.add(mirror.Diagnosis{
			Code: mirror.SequenceLoss, Severity: mirror.Warning, Subject: c.senders(),
			Message: fmt.Sprintf("about %d of %d packets are missing by their sequence numbers, and the receiver dropped none", w.missing, w.missing+w.numbered),
			Remedy:  remedy,
			Figures: []mirror.Figure{count("missing", w.missing, "packets"), count("arrived", w.numbered, "packets"), span("over", over), figure("share", ratio(float64(w.missing), float64(w.missing+w.numbered)), "ratio")},
		})
		return
	}
	for _, host := range c.hostsOf() {
		var names []string
		var worst mirror.Delivery
		c.on(host, h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
			for _, d := range waysOf(p.Direction) {
				if l := s.in(d); l.partly && c.direct(p, s) {
					names = append(names, fmt.Sprintf("%s %s", label(p), d))
					if !worst.Measured() || l.delivery.Ratio < worst.Ratio {
						worst = l.delivery
					}
				}
			}
		})
		if len(names) > 0 {
			h.add(mirror.Diagnosis{
				Code: mirror.SequenceLoss, Severity: mirror.Warning, Subject: host,
				Message: fmt.Sprintf("from %s about %.0f %% of the bytes arrive that the port moved: %s", host, 100*worst.Ratio, named(names)),
				Remedy:  remedy,
				Figures: figuresOf(worst),
			})
		}
	}
}

// figuresOf are the figures of a delivery.
func figuresOf(m mirror.Delivery) []mirror.Figure {
	return []mirror.Figure{
		count("received_bytes", m.Received.Bytes, "bytes"), count("expected_bytes", m.Expected, "bytes"), span("over", m.Over),
		figure("ratio", m.Ratio, "ratio"), figure("ratio_low", m.Low, "ratio"), figure("ratio_high", m.High, "ratio"),
	}
}

// mirrorLoop: the mirrored traffic holds mirror packets to this receiver.
func (c *hearing) mirrorLoop(h *heard) {
	w, over := c.history.within(min(c.options.Window, c.now.Sub(c.in.Placement.Since)))
	if w.loops < minLoops {
		return
	}
	var names []string
	c.each(h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
		if s.looped.since(c.windowStart()) {
			names = append(names, label(p))
		}
	})
	who := "one of its sources"
	if len(names) > 0 {
		who = named(names)
	}
	h.add(mirror.Diagnosis{
		Code: mirror.MirrorLoop, Severity: mirror.Trouble, Subject: who,
		Message: fmt.Sprintf("%d of the last %d mirrored frames are mirror packets to %s themselves: %s carries the mirror, which feeds on itself and can fill the uplink", w.loops, w.packets, addresses(c.in.Placement.Destinations), who),
		Remedy:  "take that source out of the session now: the receiver's own VM, or what routes to it, must not be mirrored to it",
		Figures: []mirror.Figure{count("mirrored_mirrors", w.loops, "packets"), count("frames", w.packets, "packets"), span("over", over)},
	})
}

// vmkernelSources: a source is a vmkernel adapter.
func (c *hearing) vmkernelSources(h *heard) {
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		if p.Port.Connectee != mirror.VMKernel {
			continue
		}
		d := mirror.Diagnosis{
			Code: mirror.VMKernelSource, Severity: mirror.Trouble, Subject: "port " + p.Port.Key,
			Message: fmt.Sprintf("port %s is of a vmkernel adapter of %s: it may carry the mirror itself, which then feeds on itself", p.Port.Key, p.Port.Host),
			Remedy:  "mirror ports of VMs alone; what a host itself sends is seen at its uplink, by the physical switch",
		}
		if p.Fault != nil {
			d.Message += "; it is not mirrored"
		}
		h.add(d)
	}
}

// duplicateCopies: each frame arrives more than once.
func (c *hearing) duplicateCopies(h *heard) {
	w, over := c.history.within(min(c.options.Window, c.now.Sub(c.in.Placement.Since)))
	if c.history.gaps.usable && w.duplicated >= minCopies && float64(w.duplicated) >= copiedShare*float64(w.numbered) {
		h.add(mirror.Diagnosis{
			Code: mirror.DuplicateCopies, Severity: mirror.Warning, Subject: c.senders(),
			Message: fmt.Sprintf("packets come more than once: %d of the last %d bear a number that came before", w.duplicated, w.numbered),
			Remedy:  "look for what copies them between the hosts and here: two paths, a switch that mirrors the receiver's port, a bond in broadcast mode",
			Figures: []mirror.Figure{count("repeated", w.duplicated, "packets"), count("packets", w.numbered, "packets"), span("over", over)},
		})
		return
	}
	c.each(h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
		if m, twice := c.twice(p, s); twice {
			h.add(c.copiesOf(p, m))
		}
	})
}

const (
	// minCopies is how many repeated packets, and copiedShare what share of all, make copies rather than a network that repeats some.
	minCopies   = 20
	copiedShare = 0.4
	// twiceShare is the ratio of bytes received to bytes moved above which there must be more than one copy of each.
	twiceShare = 1.5
)

// twice reports whether in each direction of which enough was moved more arrives than the port can have sent once.
func (c *hearing) twice(p *mirror.PlacedSource, s *sourceHistory) (seen mirror.Delivery, twice bool) {
	for _, d := range waysOf(p.Direction) {
		if !s.in(d).delivery.Measured() {
			continue
		}
		m := c.longest(p, s, d)
		if !m.Measured() || max(m.Moved.Packets, m.Moved.Bytes/1514)/uint64(max(c.in.Session.Spec.Sampling, 1)) < minExpected {
			continue
		}
		if m.Low < twiceShare {
			return m, false
		}
		seen = m
	}
	return seen, seen.Measured()
}

func (c *hearing) copiesOf(p *mirror.PlacedSource, m mirror.Delivery) mirror.Diagnosis {
	d := mirror.Diagnosis{
		Code: mirror.DuplicateCopies, Severity: mirror.Warning, Subject: label(p),
		Message: fmt.Sprintf("of %s about %.1f times as many bytes arrive as its port moved, from %s: each frame comes more than once", label(p), m.Ratio, c.senders()),
		Remedy:  "look for what copies them between the hosts and here: two paths, a switch that mirrors the receiver's port; or a second session that sends the same under the same id",
		Figures: figuresOf(m),
	}
	others := slices.DeleteFunc(slices.Clone(p.Port.MirroredBy), func(key string) bool { return key == c.in.Placement.SessionKey })
	if len(others) > 0 {
		d.Message += fmt.Sprintf("; the port is mirrored by session %s of the switch too", named(others))
		d.Remedy = fmt.Sprintf("see whether session %s of the switch sends here as well (vspan switch foreign-sessions), and remove it or give it another receiver or id", named(others))
	}
	return d
}
