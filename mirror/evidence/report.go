package evidence

import (
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// rateWindow is the time over which rates are taken.
const rateWindow = 3 * time.Second

// evidence is what is reported of the session, with the verdicts on its sources.
func (c *hearing) evidence(verdicts []mirror.Verdict, found []mirror.Diagnosis) mirror.Evidence {
	t, g := c.tally, &c.history.gaps
	recent, span := c.history.within(rateWindow)
	e := mirror.Evidence{
		Packets: t.packets, Bytes: t.bytes, First: t.first, Last: t.last,
		Lost: g.lost, Reordered: g.reordered, Duplicated: g.duplicated, Resets: g.resets, SequenceUsable: g.usable,
		Truncated: t.truncated, NotMirrored: c.notMirrored(), Fragments: t.fragments, ReceiverDropped: c.history.droppedNow,
		Ambiguous: t.ambiguous, Unlisted: t.unlisted,
		Exporters: c.exporters(), Diagnoses: found, Figures: c.figures(),
	}
	e.PacketsPerSecond, e.BitsPerSecond = rates(recent, span)
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		s := mirror.SourceEvidence{PortKey: p.Port.Key, MAC: p.Port.MAC, Verdict: verdicts[i]}
		s.Verdict.At = c.now
		s.Verdict.Since = c.now
		if h := c.history.sources[p.Port.Key]; h != nil && p.Fault == nil {
			h.verdict = s.Verdict.Next(h.verdict)
			s.Verdict = h.verdict
			s.FromVMDelivery, s.ToVMDelivery = h.from.delivery, h.to.delivery
			s.Figures = c.figuresOfSource(p, h)
		}
		if counted := t.sources.of(p.Port.Key); counted != nil {
			s.FromVM, s.ToVM, s.Last = counted.direct.from, counted.direct.to, counted.last
		}
		e.Sources = append(e.Sources, s)
	}
	return e
}

// notMirrored is what the hosts never sent, because less was asked for.
func (c *hearing) notMirrored() mirror.Volume {
	v := mirror.Volume{Bytes: c.tally.missing}
	if n := c.in.Session.Spec.Sampling; n > 1 {
		v.Packets = c.tally.packets * uint64(n-1)
	}
	return v
}

// exporters are the hosts' addresses that sent for the session, in the order of the addresses.
func (c *hearing) exporters() []mirror.ExporterEvidence {
	var es []mirror.ExporterEvidence
	for _, x := range c.tally.exporters.list {
		es = append(es, mirror.ExporterEvidence{Address: x.address, Host: x.host, Packets: x.packets, Last: x.last})
	}
	slices.SortFunc(es, func(a, b mirror.ExporterEvidence) int { return a.Address.Compare(b.Address) })
	return es
}

func rates(s sample, span time.Duration) (packets, bits float64) {
	if span <= 0 {
		return 0, 0
	}
	return float64(s.packets) / span.Seconds(), float64(s.bytes) * 8 / span.Seconds()
}
