package main

import (
	"context"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/tracking"
)

// look looks at the conversations of sessions, as the daemon does that was asked for them.
type look struct {
	trackers *tracking.Trackers
	tracked  []*tracking.Tracked
}

// looked is what came of it.
type looked struct {
	Packets       uint64 `json:"packets"`
	Missed        uint64 `json:"missed"`
	Conversations uint64 `json:"conversations"`
}

// newLook looks at all of the sessions, or at none. drops is what the receiver has lost so far.
func newLook(books *bookkeeper, all bool, sessions []evidence.Expectation, drops func() uint64) *look {
	l := &look{trackers: tracking.NewTrackers(books.relays, drops, func(string) bool { return true })}
	for _, s := range sessions {
		if all {
			l.tracked = append(l.tracked, l.trackers.Add(s.UID, flow.Config{}))
		}
	}
	return l
}

func (l *look) run(ctx context.Context) { _ = l.trackers.Run(ctx) } // it ends with ctx alone

func (l *look) looked() (sum looked) {
	for _, t := range l.tracked {
		totals := t.Totals()
		sum.Packets += totals.Packets
		sum.Conversations += totals.Flows
		sum.Missed = t.Missed() // of all sessions, each time
	}
	return sum
}
