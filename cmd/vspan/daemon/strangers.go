package daemon

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/store"
)

// strangers remembers what is needed to guess whose unclaimed mirror packets are: how many came lately, and which sessions ended.
type strangers struct {
	mu    sync.Mutex
	ticks []strangeTick // over rateWindow, the oldest first
	known map[string]known
	gone  []evidence.Gone // the newest last, at most mostGone
}

// strangeTick are the counts of unclaimed packets at one tick. The ledgers bound how many kinds there are.
type strangeTick struct {
	at      time.Time
	packets map[evidence.UnclaimedKey]uint64
}

// known is a session as it was at the last tick.
type known struct {
	name     string
	expected evidence.Expectation
}

const (
	rateWindow = 5 * time.Second
	mostGone   = 256
	goneTime   = 24 * time.Hour
)

func newStrangers() *strangers { return &strangers{known: make(map[string]known)} }

// note takes what one tick of the judging saw.
func (s *strangers) note(view *evidence.View, sessions []mirror.Session, table *evidence.Table, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tick := strangeTick{now, make(map[evidence.UnclaimedKey]uint64, len(view.Unclaimed))}
	for _, u := range view.Unclaimed {
		tick.packets[u.UnclaimedKey] = u.Packets
	}
	if n := len(s.ticks); n > 0 && !now.After(s.ticks[n-1].at) {
		s.ticks = nil // the clock went back
	}
	s.ticks = slices.DeleteFunc(append(s.ticks, tick), func(t strangeTick) bool { return now.Sub(t.at) > rateWindow })
	s.noteGone(sessions, table, now)
}

// noteGone remembers the sessions that were expected at the last tick and are there no more.
func (s *strangers) noteGone(sessions []mirror.Session, table *evidence.Table, now time.Time) {
	names := make(map[string]string, len(sessions))
	for _, x := range sessions {
		names[x.UID] = x.Name
	}
	for uid, k := range s.known {
		if _, there := names[uid]; !there {
			s.gone = append(s.gone, evidence.Gone{Name: k.name, At: now, Expectation: k.expected})
			delete(s.known, uid)
		}
	}
	for _, e := range table.Expectations() {
		if name, there := names[e.UID]; there {
			s.known[e.UID] = known{name, e}
		}
	}
	s.gone = slices.DeleteFunc(s.gone, func(g evidence.Gone) bool { return now.Sub(g.At) > goneTime })
	s.gone = s.gone[max(len(s.gone)-mostGone, 0):]
}

// rate is how many packets of a kind come in a second.
func (s *strangers) rate(k evidence.UnclaimedKey) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ticks) < 2 {
		return 0
	}
	first, last := s.ticks[0], s.ticks[len(s.ticks)-1]
	return float64(last.packets[k]-min(first.packets[k], last.packets[k])) / last.at.Sub(first.at).Seconds()
}

func (s *strangers) ended() []evidence.Gone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.gone)
}

// strangers shows the API the mirror packets that belong to no session, and whose they may be.
func (a *assembly) strangers(st *state, board *store.Board) func() []api.Unclaimed {
	return func() []api.Unclaimed {
		j := a.judging
		unclaimed := j.reception.view().Unclaimed
		if len(unclaimed) == 0 {
			return nil
		}
		facts := evidence.Facts{
			Owner: st.owner, Receivers: j.reception.addresses, Switches: a.reconciler.Switches(), Placed: placements(board.Statuses()), Gone: j.strange.ended(),
		}
		facts.Sessions, _, _ = st.store.List(context.Background()) // without them the guess says less
		var list []api.Unclaimed
		for _, u := range unclaimed {
			one := api.Unclaimed{
				Exporter: u.Exporter, Receiver: u.Destination, Encapsulation: u.Type.String(), ERSPANID: u.ID,
				Reason:  unclaimedReason(u, j.reception.addresses),
				Packets: u.Packets, Bytes: u.Bytes, PerSecond: j.strange.rate(u.UnclaimedKey), First: u.First, Last: u.Last, Guess: facts.Guess(u),
			}
			for _, mac := range u.MACs {
				one.MACs = append(one.MACs, mac.String())
			}
			list = append(list, one)
		}
		return list
	}
}

func placements(statuses map[string]mirror.Status) map[string]mirror.Placement {
	placed := make(map[string]mirror.Placement, len(statuses))
	for uid, s := range statuses {
		placed[uid] = s.Placement
	}
	return placed
}

// unclaimedReason says why mirror packets are nobody's.
func unclaimedReason(u evidence.Unclaimed, receivers []netip.Addr) string {
	if slices.Contains(receivers, u.Destination) {
		return "no_session_expects_it"
	}
	return "not_sent_to_this_receiver"
}
