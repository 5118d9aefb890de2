package transcript

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// The bounds of what Verdicts keep.
const (
	turnsOfSession = 48
	turnsOfSource  = 24
	maxSources     = 256 // of a session
)

// Turn is a verdict for as long as it held.
type Turn struct {
	Source  Source         // zero: the verdict on the session
	Verdict mirror.Verdict // its newest sentence; Since is when it began
	Until   time.Time      // when the next one began; zero: it holds
	Begun   Figures        // when it began
	Last    Figures        // when it was last judged
}

// Source is what a verdict speaks of.
type Source struct{ PortKey, VM, NIC string }

// Figures are what a verdict rests on. They count since the receiver began to look at the session.
type Figures struct {
	At              time.Time
	Packets, Bytes  uint64
	FromVM, ToVM    mirror.Volume // of a source
	Lost            uint64        // of a session, as all that follows
	Unlisted        uint64
	Ambiguous       uint64
	ReceiverDropped uint64
}

// Failing reports whether a person would want to know of a verdict: of such a one more is kept.
func Failing(s mirror.State) bool {
	switch s {
	case mirror.Degraded, mirror.Lost, mirror.Unknown, mirror.Failed:
		return true
	}
	return false
}

// Verdicts keeps the history of verdicts. The zero value is empty and ready; all methods may be called concurrently.
type Verdicts struct {
	mu      sync.Mutex
	stories map[string]*story // by the UID of the session
}

// story is that of one session.
type story struct {
	session turns
	sources map[string]*turns // by port key
}

// turns is bounded; the last one is that which holds.
type turns []Turn

// Note takes the newest verdict on a session and its sources.
func (v *Verdicts) Note(uid string, p mirror.Placement, e mirror.Evidence, verdict mirror.Verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stories == nil {
		v.stories = make(map[string]*story)
	}
	s := v.stories[uid]
	if s == nil {
		s = &story{sources: make(map[string]*turns)}
		v.stories[uid] = s
	}
	s.session.note(Source{}, verdict, Figures{
		At: verdict.At, Packets: e.Packets, Bytes: e.Bytes,
		Lost: e.Lost, Unlisted: e.Unlisted, Ambiguous: e.Ambiguous, ReceiverDropped: e.ReceiverDropped,
	}, turnsOfSession)
	s.noteSources(p, e)
}

func (s *story) noteSources(p mirror.Placement, e mirror.Evidence) {
	for _, at := range e.Sources {
		if at.PortKey == "" || at.Verdict.IsZero() {
			continue
		}
		t := s.sources[at.PortKey]
		if t == nil {
			if len(s.sources) == maxSources && !s.makeRoom(e) {
				continue
			}
			t = new(turns)
			s.sources[at.PortKey] = t
		}
		t.note(sourceOf(p, at.PortKey), at.Verdict, Figures{
			At: at.Verdict.At, Packets: at.FromVM.Packets + at.ToVM.Packets, Bytes: at.FromVM.Bytes + at.ToVM.Bytes, FromVM: at.FromVM, ToVM: at.ToVM,
		}, turnsOfSource)
	}
}

// makeRoom drops a source that is not among those of e, if there is one.
func (s *story) makeRoom(e mirror.Evidence) bool {
	for key := range s.sources {
		if !slices.ContainsFunc(e.Sources, func(at mirror.SourceEvidence) bool { return at.PortKey == key }) {
			delete(s.sources, key)
			return true
		}
	}
	return false
}

func sourceOf(p mirror.Placement, portKey string) Source {
	for _, s := range p.Sources {
		if s.Port.Key == portKey {
			return Source{portKey, cmp.Or(s.Port.VM, s.Source.VM), cmp.Or(s.Port.NIC, s.Source.NIC)}
		}
	}
	return Source{PortKey: portKey}
}

func (t *turns) note(of Source, v mirror.Verdict, f Figures, limit int) {
	if n := len(*t); n > 0 {
		last := &(*t)[n-1]
		if last.Verdict.State == v.State && last.Verdict.Reason == v.Reason {
			since := last.Verdict.Since
			last.Verdict, last.Last, last.Source = v, f, of
			last.Verdict.Since = since
			return
		}
		last.Until = v.At
	}
	began := v
	began.Since = v.At
	*t = append(*t, Turn{Source: of, Verdict: began, Begun: f, Last: f})
	t.trim(limit)
}

// trim drops the oldest that was no failure, as long as there is one, so that what went wrong is still told when much went well since.
func (t *turns) trim(limit int) {
	for len(*t) > limit {
		at := slices.IndexFunc((*t)[:len(*t)-1], func(u Turn) bool { return !Failing(u.Verdict.State) })
		*t = slices.Delete(*t, max(at, 0), max(at, 0)+1)
	}
}

// Of returns the turns of a session, those on the session first and then those on each source, by its port key; each the oldest first.
func (v *Verdicts) Of(uid string) []Turn {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.stories[uid]
	if s == nil {
		return nil
	}
	list := slices.Clone(s.session)
	for _, key := range sortedKeys(s.sources) {
		list = append(list, *s.sources[key]...)
	}
	return list
}

func sortedKeys(m map[string]*turns) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Forget drops the history of a session that is no more.
func (v *Verdicts) Forget(uid string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.stories, uid)
}
