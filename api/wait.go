package api

import (
	"context"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// goal is what a request waits for.
type goal struct {
	condition mirror.ConditionType
	timeout   time.Duration // 0: it does not wait
}

func (q WaitQuery) goal() (goal, *wire.Problem) {
	timeout, p := parseWait(q.Wait)
	if p != nil {
		return goal{}, p
	}
	if q.For != "" && timeout == 0 {
		return goal{}, invalidField("query.for", "want ?wait=DURATION with it")
	}
	if q.For == "" {
		return goal{mirror.ConditionReady, timeout}, nil
	}
	return goal{mirror.ConditionType(q.For), timeout}, nil
}

// await waits until the goal is reached, or cannot be reached without another change, or the time is up, or the server stops,
// and returns the session as it is then.
func (h *sessions) await(ctx context.Context, s mirror.Session, g goal) (mirror.Session, error) {
	within, cancel := untilStop(ctx, g.timeout)
	defer cancel()
	placed := false
	_, _ = h.board.Wait(within, s.UID, func(status mirror.Status) bool {
		forgotten := placed && status.Placement.At.IsZero()
		placed = placed || !status.Placement.At.IsZero()
		return forgotten || g.reached(s, status) || g.hopeless(s, status)
	}) // its error says that the time is up, which is no error here
	return h.find(ctx, s.Name)
}

// untilStop ends with ctx, after the timeout, and when the server begins to stop.
func untilStop(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	within, cancel := context.WithTimeout(ctx, timeout)
	untilStop, left := whileServing(within)
	return untilStop, func() { cancel(); left() }
}

// whileServing ends with ctx and when the server begins to stop.
func whileServing(ctx context.Context) (context.Context, context.CancelFunc) {
	within, cancel := context.WithCancel(ctx)
	stop := stopping(ctx)
	if stop == nil {
		return within, cancel
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		select {
		case <-stop:
			cancel()
		case <-within.Done():
		}
	}()
	return within, func() { cancel(); <-left }
}

// reached reports whether the condition is True of the generation that is waited for.
func (g goal) reached(s mirror.Session, status mirror.Status) bool {
	if status.Placement.Generation < s.Generation || g.judged() && !fresh(status) {
		return false
	}
	return slices.ContainsFunc(status.Conditions, func(c mirror.Condition) bool {
		return c.Type == g.condition && c.Status == mirror.StatusTrue
	})
}

// hopeless reports whether the condition cannot come true before somebody changes the spec, the switch or the rights.
func (g goal) hopeless(s mirror.Session, status mirror.Status) bool {
	p := status.Placement
	if p.Generation < s.Generation {
		return false
	}
	if p.Fault != nil && p.Fault.Permanent() && (g.condition != mirror.ConditionAccepted || !p.Accepted) {
		return true
	}
	if !g.judged() || !fresh(status) {
		return false
	}
	switch status.Verdict.State {
	case mirror.Disabled, mirror.Failed, mirror.Expired:
		return true
	case mirror.Unverified:
		return g.condition == mirror.ConditionDelivering
	case mirror.Unknown:
		return status.Verdict.Reason == mirror.ReceivedElsewhere // it is another daemon that may come to know more
	default:
		return false
	}
}

// judged reports whether the condition follows from the verdict rather than from the placement alone.
func (g goal) judged() bool {
	return g.condition == mirror.ConditionDelivering || g.condition == mirror.ConditionReady
}

// fresh reports whether the verdict was given after the session came to stand as it does.
func fresh(status mirror.Status) bool {
	return !status.Verdict.IsZero() && !status.Verdict.At.Before(status.Placement.Since)
}
