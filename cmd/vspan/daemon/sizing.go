package daemon

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
)

// sizing has what the kernel counts of a session come up for a while where something of it is missing: whether it is the large frames is
// for their sizes to say, and the kernel keeps their sum alone.
type sizing struct {
	mu    sync.Mutex
	looks map[string]look // by UID
}

// look is when the frames of a session are looked at.
type look struct{ until, again time.Time }

const (
	sizingFor   = 40 * time.Second // longer than large frames have to be missing for that to be said
	sizingRest  = 10 * time.Minute
	sizingMost  = 50_000 // packets a second, of all sessions that are looked at together: more may not find room on their way up
	sizingLooks = 8      // sessions at a time
)

// consider takes a verdict. What was found is looked at as long as it is there.
func (s *sizing) consider(r evidence.Result, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.looks[r.UID]
	narrow := slices.ContainsFunc(r.Evidence.Diagnoses, func(d mirror.Diagnosis) bool { return d.Code == mirror.MTUOnPath })
	switch {
	case known && narrow && now.Before(at.until):
		at.until, at.again = now.Add(sizingFor), now.Add(sizingRest)
		s.looks[r.UID] = at
	case r.Unsized && now.After(at.again) && r.Evidence.PacketsPerSecond <= sizingMost/sizingLooks && len(s.under(now)) < sizingLooks:
		if s.looks == nil {
			s.looks = make(map[string]look)
		}
		s.looks[r.UID] = look{now.Add(sizingFor), now.Add(sizingRest)}
	case known && now.After(at.again):
		delete(s.looks, r.UID)
	}
}

// under are the UIDs of the sessions that are looked at; s.mu is held.
func (s *sizing) under(now time.Time) (uids []string) {
	for uid := range maps.Keys(s.looks) {
		if now.Before(s.looks[uid].until) {
			uids = append(uids, uid)
		}
	}
	return uids
}

// wanted are the UIDs of the sessions whose frames are to come up, in no order.
func (s *sizing) wanted(now time.Time) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.under(now)
}

// forget drops what is remembered of a session that is gone.
func (s *sizing) forget(uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.looks, uid)
}
