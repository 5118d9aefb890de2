package evidence

import "github.com/vspan-io/vspan/mirror"

// figures are what the verdict on the session rests on.
func (c *hearing) figures() []mirror.Figure {
	if c.settled {
		return nil
	}
	w, over := c.history.within(c.options.Window)
	list := []mirror.Figure{
		span("over", over), count("packets", w.packets, "packets"), count("bytes", w.bytes, "bytes"),
		count("missing", w.missing, "packets"), count("numbered", w.numbered, "packets"),
		count("dropped", w.dropped, "packets"), count("unlisted", c.tally.unlisted, "packets"), count("ambiguous", c.tally.ambiguous, "packets"),
	}
	if c.history.confirmed.at.IsZero() {
		return list
	}
	return append(list, span("silent", c.now.Sub(c.history.confirmed.at)))
}

// figuresOfSource are what the verdict on a source rests on.
func (c *hearing) figuresOfSource(p *mirror.PlacedSource, s *sourceHistory) []mirror.Figure {
	if c.settled || s == nil || p.Fault != nil {
		return nil
	}
	var list []mirror.Figure
	for _, d := range waysOf(p.Direction) {
		prefix := "from_vm_"
		if d == mirror.ToVM {
			prefix = "to_vm_"
		}
		moved, _ := c.unseen(p, s, d, minOneWay)
		list = append(list, span(prefix+"silent", c.now.Sub(c.silentSince(p, s, d))), count(prefix+"moved_unseen_bytes", moved.Bytes, "bytes"))
		if m := s.in(d).delivery; m.Measured() && m.Expected > 0 {
			list = append(list, figure(prefix+"ratio", m.Ratio, "ratio"))
		}
	}
	if n := len(s.readings.list); n > 0 {
		list = append(list, span("counters_age", c.now.Sub(s.readings.list[n-1].At)), span("counters_steady", s.readings.steady(p.Direction)))
	}
	return list
}
