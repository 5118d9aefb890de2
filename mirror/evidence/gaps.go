package evidence

// gaps is the sequence accounting of one session, added up over its streams from tick to tick.
type gaps struct {
	numbered, lost                uint64 // lost is an estimate, and falls when packets come late
	reordered, duplicated, resets uint64
	usable                        bool
	previous                      map[streamKey]streamView
}

// update takes the streams of the newest view. Of a stream that its exporter counts together with others, the gaps of all of them
// together are taken if they are fewer: what went to another session is no loss.
func (g *gaps) update(in *Input) {
	if in.View == nil {
		return
	}
	e, ok := Expect(in.Session, in.Placement)
	if !ok {
		return
	}
	g.reordered, g.duplicated, g.resets = 0, 0, 0
	now := make(map[streamKey]streamView)
	var sound, unsound uint64
	for _, d := range e.Destinations {
		for _, k := range in.View.channels[channel{d, e.Type, e.ID}] {
			if _, listed := e.Exporters[k.exporter]; !listed {
				continue
			}
			s := in.View.streams[k]
			now[k], now[k.wholeKey()] = s, in.View.streams[k.wholeKey()]
			if !s.usable {
				unsound += s.packets
				continue
			}
			sound += s.packets
			g.reordered, g.duplicated, g.resets = g.reordered+s.reordered, g.duplicated+s.duplicated, g.resets+s.resets
			g.add(k, s, in.View.streams[k.wholeKey()])
		}
	}
	g.usable = sound > unsound
	g.previous = now
}

// add counts what happened to one stream since the last tick.
func (g *gaps) add(k streamKey, s, whole streamView) {
	before, wholeBefore := g.previous[k], g.previous[k.wholeKey()]
	if s.packets < before.packets {
		before, wholeBefore = streamView{}, whole // it was evicted and began anew
	}
	g.numbered += s.packets - before.packets
	step := int64(s.lost) - int64(before.lost)
	if s.inWhole && whole.usable {
		step = min(step, max(int64(whole.lost)-int64(wholeBefore.lost), 0))
	}
	if step < 0 && uint64(-step) > g.lost {
		g.lost = 0
		return
	}
	g.lost += uint64(step)
}
