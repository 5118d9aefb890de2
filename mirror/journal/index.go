package journal

import (
	"container/list"
	"slices"
)

// index is what is known without reading the files: the newest events, within bounds. Events come in in the order of their
// numbers. It is not safe for concurrent use.
type index struct {
	options Options

	trails             map[string]*trail // by Session.UID; "" has what belongs to no session
	successes, failing *list.List        // of *held: every event that was no failure, and every failure; the oldest first
	calm, troubled     *list.List        // of *trail: those without failures and those with; the one longest without news first

	evicted, forgotten uint64 // events pushed out, and sessions
}

// trail is what is known of one session.
type trail struct {
	uid                 string
	successes, failures []*list.Element // of index.successes and index.failing; the oldest first
	place               *list.Element   // of index.calm or index.troubled
}

// held is an event in the index. It is never changed.
type held struct {
	Entry
	trail *trail
}

func newIndex(o Options) *index {
	return &index{
		options: o, trails: make(map[string]*trail),
		successes: list.New(), failing: list.New(), calm: list.New(), troubled: list.New(),
	}
}

// add takes an event in and pushes out what there is no room for any more.
func (x *index) add(e Entry) {
	t := x.trails[e.UID]
	if t == nil {
		t = &trail{uid: e.UID}
		x.trails[e.UID] = t
	}
	var newest *list.Element
	if e.Failure {
		newest = x.failing.PushBack(&held{e, t})
		t.failures = append(t.failures, newest)
	} else {
		newest = x.successes.PushBack(&held{e, t})
		t.successes = append(t.successes, newest)
	}
	if len(t.successes) > x.options.SuccessesPerSession {
		x.evict(t.successes[0])
	}
	if len(t.failures) > x.options.FailuresPerSession {
		x.evict(t.failures[0])
	}
	x.settle(t)
	for len(x.trails) > x.options.MaxSessions {
		x.forget(x.leastWanted(t))
	}
	for x.successes.Len()+x.failing.Len() > x.options.MaxEvents {
		if oldest := x.successes.Front(); oldest != nil && oldest != newest {
			x.evict(oldest)
		} else {
			x.evict(x.failing.Front())
		}
	}
}

// settle puts a trail where it belongs, as the one with the latest news, or drops it when nothing is left of it.
func (x *index) settle(t *trail) {
	if t.place != nil {
		x.calm.Remove(t.place) // which does nothing to a place in the other list
		x.troubled.Remove(t.place)
		t.place = nil
	}
	switch {
	case len(t.failures) > 0:
		t.place = x.troubled.PushBack(t)
	case len(t.successes) > 0:
		t.place = x.calm.PushBack(t)
	default:
		delete(x.trails, t.uid)
	}
}

// leastWanted is the session that is forgotten first: one without failures, and of those the one longest without news; never keep.
func (x *index) leastWanted(keep *trail) *trail {
	for _, l := range []*list.List{x.calm, x.troubled} {
		if first := l.Front(); first != nil && first.Value.(*trail) != keep {
			return first.Value.(*trail)
		}
	}
	return keep
}

func (x *index) forget(t *trail) {
	for len(t.successes) > 0 {
		x.evict(t.successes[0])
	}
	for len(t.failures) > 0 {
		x.evict(t.failures[0])
	}
	x.forgotten++
}

// evict drops an event, which is the oldest of its kind in its trail.
func (x *index) evict(e *list.Element) {
	h := e.Value.(*held)
	t := h.trail
	if h.Failure {
		x.failing.Remove(e)
		t.failures = t.failures[1:]
	} else {
		x.successes.Remove(e)
		t.successes = t.successes[1:]
	}
	x.evicted++
	if len(t.failures) == 0 && h.Failure || len(t.failures)+len(t.successes) == 0 {
		x.settle(t)
	}
}

// of returns the events of a session, the newest first; at most limit of them unless that is 0.
func (x *index) of(uid string, limit int) []Entry {
	t := x.trails[uid]
	if t == nil {
		return nil
	}
	var found []Entry
	s, f := len(t.successes)-1, len(t.failures)-1
	for (s >= 0 || f >= 0) && (limit <= 0 || len(found) < limit) {
		if f < 0 || s >= 0 && entryOf(t.successes[s]).Seq > entryOf(t.failures[f]).Seq {
			found = append(found, *entryOf(t.successes[s]))
			s--
		} else {
			found = append(found, *entryOf(t.failures[f]))
			f--
		}
	}
	return found
}

// since returns the events after a number, the oldest first; at most limit of them unless that is 0.
func (x *index) since(after uint64, limit int) []Entry {
	var found []*Entry
	s, f := x.successes.Back(), x.failing.Back()
	for {
		newest := &s
		if s == nil || f != nil && entryOf(f).Seq > entryOf(s).Seq {
			newest = &f
		}
		if *newest == nil || entryOf(*newest).Seq <= after {
			break
		}
		found = append(found, entryOf(*newest))
		*newest = (*newest).Prev()
	}
	slices.Reverse(found)
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	entries := make([]Entry, len(found))
	for i, e := range found {
		entries[i] = *e
	}
	return entries
}

func entryOf(e *list.Element) *Entry { return &e.Value.(*held).Entry }
