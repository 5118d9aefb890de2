package evidence

// unsized reports whether something of the session is missing, and whether it is the large frames cannot be told, because what arrives is
// counted where nobody looks at the size of each.
func (c *hearing) unsized() bool {
	if c.settled {
		return false
	}
	lossy := c.numbersShowLoss()
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		s, t := c.history.sources[p.Port.Key], c.tally.sources[p.Port.Key]
		if s == nil || t == nil || p.Fault != nil {
			continue
		}
		for _, d := range waysOf(p.Direction) {
			if (lossy || s.in(d).partly) && t.peaksIn(d).unknown(c.windowStart()) {
				return true
			}
		}
	}
	return false
}
