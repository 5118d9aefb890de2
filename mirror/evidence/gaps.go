package evidence

import "time"

// gaps is the sequence accounting of one session, added up over its streams from tick to tick.
type gaps struct {
	numbered, lost                uint64 // lost is an estimate, and falls when packets come late
	missing                       uint64 // of lost, what counts against a session that delivers
	reordered, duplicated, resets uint64
	usable                        bool
	previous                      map[streamKey]streamMemory
}

// streamMemory is a stream as it was at the tick before.
type streamMemory struct {
	view, whole streamView
	advanced    time.Time // when packets of it last came
	tainted     bool      // since then our own receiver may have missed some
	elsewise    uint64    // packets of the session that had confirmed nothing then
}

// update takes the streams of the newest view. Gaps that our own receiver may have made, because it was down or dropped, are no loss.
// Streams of the session from when it was sent another way are still followed, so that nothing counts again when it is sent so again;
// whether the numbers can be used is for those of today to say.
func (g *gaps) update(in *Input, t *tally, now time.Time, impaired bool, silence time.Duration) {
	if in.View == nil {
		return
	}
	kind, id := typeOf(in.Session.Spec.Encapsulation.Type), in.Session.ERSPANID
	g.reordered, g.duplicated, g.resets = 0, 0, 0
	next := make(map[streamKey]streamMemory)
	var sound, unsound uint64
	for k, view := range in.View.spaces.of(in.Session.UID) {
		s := streamMemory{view: view, whole: in.View.spaces.wholeOf(k), advanced: now, tainted: impaired, elsewise: t.elsewise()}
		before, known := g.previous[k]
		if !known {
			before.whole = s.whole // what a host lost of other sessions before
		} else if before.view.packets == s.view.packets {
			s.advanced, s.tainted, s.elsewise = before.advanced, before.tainted || impaired, before.elsewise
		}
		next[k] = s
		g.reordered, g.duplicated, g.resets = g.reordered+s.view.reordered, g.duplicated+s.view.duplicated, g.resets+s.view.resets
		today := k.kind == kind && k.id == id
		switch {
		case s.view.usable:
			g.add(s, before, now, impaired, silence)
			if today {
				sound += s.view.packets
			}
		case today:
			unsound += s.view.packets
		}
	}
	g.usable = sound > unsound
	g.previous = next
}

// add counts what happened to one stream since the tick before. Of a stream that its exporter counts together with others, the gaps of
// all of them together are taken if they are fewer: what went to another session is no loss. What was lost while nothing came at
// all was judged then, and is not held against the session again. What came from an address that is no host's, or under another id, bore
// numbers of the same sequence and was not lost.
func (g *gaps) add(s, before streamMemory, now time.Time, impaired bool, silence time.Duration) {
	if s.view.packets < before.view.packets {
		before = streamMemory{whole: s.whole} // it was evicted and began anew
	}
	g.numbered += s.view.packets - before.view.packets
	step := int64(s.view.lost) - int64(before.view.lost)
	if s.view.inWhole && s.whole.single {
		step = min(step, max(int64(s.whole.lost)-int64(before.whole.lost), 0))
	}
	switch {
	case step < 0:
		g.lost -= min(uint64(-step), g.lost)
		g.missing -= min(uint64(-step), g.missing)
	case impaired || before.tainted || (s.elsewise-min(before.elsewise, s.elsewise))*4 > uint64(step):
	case before.advanced.IsZero() || now.Sub(before.advanced) < silence:
		g.missing += uint64(step)
		fallthrough
	default:
		g.lost += uint64(step)
	}
}
