package evidence

import (
	"iter"
	"maps"
	"slices"
)

// Totals count what a ledger was shown. Every arrival is counted under exactly one Attribution.
type Totals struct {
	Packets, Bytes uint64 // arrivals, and bytes of their outer datagrams
	Confirmed      uint64 // belong to one session and come from a host of its switch
	Ambiguous      uint64 // fit more than one session, or name none, and so confirm none
	Unlisted       uint64 // fit a session and come from an address that is no host's
	Unclaimed      uint64 // mirror packets of no session
	Refused        uint64 // not mirror packets, or broken ones
	Evicted        uint64 // entries of bounded tables that made room for newer ones
}

// View is what one or several ledgers had counted at a moment. It does not change and may be read concurrently.
type View struct {
	Totals    Totals
	Refused   map[string]uint64 // refusals by name, those of packages gre, erspan and frame; no zero counts
	Flawed    map[string]uint64 // frames that were counted with something wrong behind their Ethernet header, by the name frame has for it
	Unclaimed []Unclaimed       // most packets first

	sessions map[string]*tally // by UID
	spaces   spaces
}

// View returns a copy of everything counted so far.
func (l *Ledger) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
	v := &View{
		Totals:   l.totals,
		Refused:  l.refused.byName(),
		Flawed:   l.flawed.byName(),
		sessions: make(map[string]*tally, len(l.rows)),
		spaces:   newSpaces(l.streams.n, len(l.rows)),
	}
	v.Totals.Evicted = l.streams.evicted + l.unclaimed.evicted
	copied := copiesFor(len(l.rows), l.tallies())
	for i := range l.rows {
		v.sessions[l.rows[i].uid] = copied.of(l.rows[i].tally)
	}
	for k, s := range l.streams.all() {
		v.spaces.add(k, s.value.view())
	}
	for k, u := range l.unclaimed.all() {
		v.Unclaimed = append(v.Unclaimed, u.value.view(k))
	}
	slices.SortFunc(v.Unclaimed, mostFirst)
	return v
}

// tallies are those of all sessions.
func (l *Ledger) tallies() iter.Seq[*tally] {
	return func(yield func(*tally) bool) {
		for i := range l.rows {
			if !yield(l.rows[i].tally) {
				return
			}
		}
	}
}

// Merge adds up the views of several ledgers; of none it is an empty one.
func Merge(views ...*View) *View {
	if len(views) == 1 {
		return views[0]
	}
	sum := &View{
		Refused:  make(map[string]uint64),
		Flawed:   make(map[string]uint64),
		sessions: make(map[string]*tally),
		spaces:   mergeSpaces(views),
	}
	unclaimed := make(map[UnclaimedKey]Unclaimed)
	var copied copies
	for i, v := range views {
		if i == 0 { // the others have mostly the same sessions
			copied = copiesFor(len(v.sessions), maps.Values(v.sessions))
		}
		sum.Totals = sum.Totals.add(v.Totals)
		addCounts(sum.Refused, v.Refused)
		addCounts(sum.Flawed, v.Flawed)
		for uid, t := range v.sessions {
			if have := sum.sessions[uid]; have != nil {
				have.join(t)
			} else {
				sum.sessions[uid] = copied.of(t)
			}
		}
		for _, u := range v.Unclaimed {
			if have, ok := unclaimed[u.UnclaimedKey]; ok {
				u = have.join(u)
			}
			unclaimed[u.UnclaimedKey] = u
		}
	}
	sum.Unclaimed = slices.SortedFunc(maps.Values(unclaimed), mostFirst)
	return sum
}

func (t Totals) add(o Totals) Totals {
	return Totals{
		Packets: t.Packets + o.Packets, Bytes: t.Bytes + o.Bytes,
		Confirmed: t.Confirmed + o.Confirmed, Ambiguous: t.Ambiguous + o.Ambiguous, Unlisted: t.Unlisted + o.Unlisted,
		Unclaimed: t.Unclaimed + o.Unclaimed, Refused: t.Refused + o.Refused, Evicted: t.Evicted + o.Evicted,
	}
}

func addCounts(sum, counts map[string]uint64) {
	for name, n := range counts {
		sum[name] += n
	}
}
