package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// history is what is remembered of one session from tick to tick.
type history struct {
	started    time.Time // when the judge began to look
	ticked     time.Time // the last tick
	applied    time.Time // Placement.Since that the watches speak of
	base       time.Time // nothing before it says anything: the receiver was down or dropped, or nobody looked
	upSince    time.Time // zero while the receiver is down
	dropped    watch
	droppedNow uint64 // since the judge began to look
	confirmed  watch
	unlisted   watch
	ambiguous  watch
	wrongType  watch
	wrongID    watch
	short      watch // numbers that did not simply follow each other
	sources    map[string]*sourceHistory
	samples    []sample // over Options.Window, oldest first
	gaps       gaps
	verdict    mirror.Verdict
}

// sourceHistory is what is remembered of one source.
type sourceHistory struct {
	from, to   lane
	odd        watch
	unlisted   watch
	looped     watch
	readings   readings
	course     course
	blind      uint64    // packets that came since the port's counters last changed
	blindSince time.Time // when the first of those came
	moved      time.Time // PlacedSource.Moved that the lanes speak of
	host       string    // that its VM ran on at the last tick
	departure  departure
	ever       bool      // a packet certainly of this source came since the session stands as it does
	stirred    time.Time // Began of the newest probe that moved the port's counters
	verdict    mirror.Verdict

	fromDoubt, toDoubt doubt
}

// sample is the state of a session's counts at one tick.
type sample struct {
	at                                              time.Time
	over                                            time.Duration // of a difference: from when to at
	packets, bytes, early, loops, numbered, missing uint64
	duplicated, dropped                             uint64
}

// recall returns the history of a session, brought up to now.
func (j *Judge) recall(now time.Time, in *Input, t *tally) *history {
	h := j.sessions[in.Session.UID]
	if h == nil || now.Before(h.ticked) { // a clock that went back makes every time in it a lie
		h = &history{started: now, base: now, sources: make(map[string]*sourceHistory)}
		h.dropped.count = in.Receiver.Dropped
		j.sessions[in.Session.UID] = h
	}
	if !h.ticked.IsZero() && now.Sub(h.ticked) > j.options.Window {
		h.base = now // nobody looked for a while
	}
	h.ticked = now
	h.health(now, in)
	if !in.Placement.Since.Equal(h.applied) {
		h.reapply(in.Placement.Since)
	}
	h.count(now, t)
	j.recallSources(now, in, t, h)
	h.gaps.update(in, t, now, h.base.Equal(now) || h.upSince.IsZero(), j.options.Silence)
	h.short.update(h.gaps.lost+h.gaps.resets, now)
	h.sample(now, t, j.options.Window)
	return h
}

// health notes what the receiver says of itself.
func (h *history) health(now time.Time, in *Input) {
	if in.Receiver.Dropped < h.dropped.count { // it began anew
		h.dropped.count = 0
	}
	h.droppedNow += in.Receiver.Dropped - h.dropped.count
	h.dropped.update(in.Receiver.Dropped, now)
	switch {
	case !in.Receiver.Up:
		h.upSince = time.Time{}
	case h.upSince.IsZero():
		h.upSince, h.base = now, now
	}
	if h.dropped.since(now) {
		h.base = now
	}
}

// reapply starts over: what came before the session stood as it does now proves nothing about it.
func (h *history) reapply(since time.Time) {
	h.applied = since
	for _, w := range []*watch{&h.confirmed, &h.unlisted, &h.ambiguous, &h.wrongType, &h.wrongID} {
		w.at = time.Time{}
	}
	for _, s := range h.sources {
		s.restart()
		s.ever, s.departure = false, departure{}
	}
}

// depart notes that the VM was seen to move to another host.
func (s *sourceHistory) depart(at time.Time, to string) {
	s.moved = at
	if last := later(s.from.direct.at, s.to.direct.at); !last.IsZero() && s.host != to {
		s.departure = departure{from: s.host, at: at, last: last}
	}
}

func (s *sourceHistory) restart() {
	s.from.restart()
	s.to.restart()
	s.odd.at, s.unlisted.at = time.Time{}, time.Time{}
	s.fromDoubt.restart()
	s.toDoubt.restart()
}

func (h *history) count(now time.Time, t *tally) {
	h.confirmed.update(t.packets, now)
	h.unlisted.update(t.unlisted, now)
	h.ambiguous.update(t.ambiguous, now)
	h.wrongType.update(t.wrongType.packets, now)
	h.wrongID.update(t.wrongID.packets, now)
}

// recallSources brings the histories of the placed sources up to now and drops those of sources that are gone.
func (j *Judge) recallSources(now time.Time, in *Input, t *tally, h *history) {
	placed := make(map[string]bool, len(in.Placement.Sources))
	for i := range in.Placement.Sources {
		p := &in.Placement.Sources[i]
		if p.Fault != nil {
			continue
		}
		placed[p.Port.Key] = true
		s := h.sources[p.Port.Key]
		if s == nil {
			s = &sourceHistory{moved: p.Moved}
			h.sources[p.Port.Key] = s
		}
		if !p.Moved.Equal(s.moved) {
			s.depart(p.Moved, p.Port.Host)
			s.restart()
		}
		s.host = p.Port.Host
		s.count(now, t.sources.of(p.Port.Key), t.shared, j.options.Memory)
		if !connected(&in.Placement, p.Port.Host) {
			s.readings.stood = now
		}
		j.read(s, in, p)
	}
	for key := range h.sources {
		if !placed[key] {
			delete(h.sources, key)
		}
	}
}

func (s *sourceHistory) in(d mirror.Direction) *lane {
	if d == mirror.FromVM {
		return &s.from
	}
	return &s.to
}

func (s *sourceHistory) count(now time.Time, t *sourceTally, shared lanes, memory time.Duration) {
	if t == nil {
		t = new(sourceTally)
	}
	before := s.from.direct.count + s.to.direct.count
	possible := t.possible.add(shared)
	s.course.add(mark{at: now, direct: t.direct, possible: possible, elsewise: t.odd + t.unlisted}, memory+5*time.Second)
	s.from.update(t.direct.from, possible.from, now)
	s.to.update(t.direct.to, possible.to, now)
	s.fromDoubt.update(t.direct.from, possible.from)
	s.toDoubt.update(t.direct.to, possible.to)
	s.odd.update(t.odd, now)
	s.unlisted.update(t.unlisted, now)
	s.looped.update(t.loops, now)
	if after := s.from.direct.count + s.to.direct.count; after > before {
		if s.blind == 0 {
			s.blindSince = now
		}
		s.blind += after - before
		s.ever = true
	}
}

// read takes the newest counters of the source's port.
func (j *Judge) read(s *sourceHistory, in *Input, p *mirror.PlacedSource) {
	c, ok := in.Counters[p.Port.Key]
	if !ok || !s.readings.add(c, j.options.Memory) {
		return
	}
	s.blind = 0
	if every, ok := s.readings.pace(); ok {
		j.learnPace(in.Placement.Switch, p.Port.Host, every, c.At)
	}
}

// sample keeps the counts of this tick, and those of the ticks in the window before it.
func (h *history) sample(now time.Time, t *tally, window time.Duration) {
	drop := 0
	for drop < len(h.samples) && now.Sub(h.samples[drop].at) > window {
		drop++
	}
	h.samples = append(h.samples[:0], h.samples[drop:]...)
	if n := len(h.samples); n > 0 && h.samples[n-1].packets > t.packets {
		h.samples = h.samples[:0] // the ledger began anew
	}
	h.samples = append(h.samples, sample{
		at: now, packets: t.packets, bytes: t.bytes, early: t.early, loops: t.loops, numbered: h.gaps.numbered, missing: h.gaps.missing,
		duplicated: h.gaps.duplicated, dropped: h.droppedNow,
	})
}

// within is what was counted over the last d, and how long that really is; zero before the second tick.
func (h *history) within(d time.Duration) (sample, time.Duration) {
	last := h.samples[len(h.samples)-1]
	for _, s := range h.samples {
		if span := last.at.Sub(s.at); span <= d {
			return sample{
				at: last.at, over: span, packets: last.packets - s.packets, bytes: last.bytes - s.bytes, early: last.early - s.early, loops: last.loops - s.loops,
				numbered: last.numbered - s.numbered, missing: last.missing - min(s.missing, last.missing),
				duplicated: last.duplicated - min(s.duplicated, last.duplicated), dropped: last.dropped - min(s.dropped, last.dropped),
			}, span
		}
	}
	return sample{}, 0
}
