package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// seen makes a session as the API shows it, of what is known about it and for how long the verdict has held.
func seen(p mirror.Placement, state mirror.State, reason mirror.Reason, held time.Duration) wire.Session {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	v := mirror.Verdict{State: state, Reason: reason, Message: "the sentence.", Since: now.Add(-held), At: now}
	s := wire.Session{Name: "web-01", Generation: 1, Status: wire.Status{
		ObservedGeneration: 1,
		Verdict:            wire.Verdict{State: state.String(), Reason: reason.String(), Message: v.Message, Since: v.Since, At: v.At},
	}}
	for _, c := range mirror.Conditions(p, v, nil, now) {
		s.Status.Conditions = append(s.Status.Conditions, wire.Condition{Type: string(c.Type), Status: string(c.Status), Reason: c.Reason, Message: c.Message})
	}
	return s
}

var (
	lookedAt = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	applied  = mirror.Placement{At: lookedAt, Accepted: true, Applied: true}
)

func faulty(accepted bool, reason mirror.Reason) mirror.Placement {
	return mirror.Placement{At: lookedAt, Accepted: accepted, Fault: mirror.Faultf(reason, `session "web-01"`, "says why.")}
}

func TestGoal(t *testing.T) {
	const open = -1
	earlier := seen(applied, mirror.Delivering, mirror.PacketsSeen, 0)
	earlier.Generation = 2
	deleted := seen(applied, mirror.Delivering, mirror.PacketsSeen, 0)
	deleted.DeletedAt = lookedAt
	for _, test := range []struct {
		name            string
		s               wire.Session
		ready, delivers int // exit codes when Ready, or Delivering, is waited for; open: it goes on
		words           string
	}{
		{"nothing known", wire.Session{Name: "web-01", Generation: 1}, open, open, ""},
		{"pending", seen(applied, mirror.Pending, mirror.WithinGrace, time.Hour), open, open, ""},
		{"delivering", seen(applied, mirror.Delivering, mirror.PacketsSeen, 0), 0, 0, ""},
		{"delivering, of an earlier spec", earlier, open, open, ""},
		{"delivering, being removed", deleted, 8, 8, "being removed"},
		{"idle", seen(applied, mirror.Idle, mirror.SourcePortsIdle, time.Hour), open, open, ""},
		{"unknown", seen(applied, mirror.Unknown, mirror.ReceiverDropping, time.Hour), open, open, ""},
		{"somebody else's collector", seen(applied, mirror.Unverified, mirror.ExternalDestination, 0), 0, 6, "--for Ready"},
		{"received by another daemon", seen(applied, mirror.Unknown, mirror.ReceivedElsewhere, 0), 6, 6, "--for Applied"},
		{"another daemon changes the switch", seen(faulty(true, mirror.NotWriter), mirror.Pending, mirror.NotWriter, time.Hour), open, open, ""},
		{"lost just now", seen(applied, mirror.Lost, mirror.PortsActiveNothingArrived, time.Second), open, open, ""},
		{"lost", seen(applied, mirror.Lost, mirror.PortsActiveNothingArrived, settled), 8, 8, "lost (ports_active_nothing_arrived): the sentence."},
		{"degraded", seen(applied, mirror.Degraded, mirror.DirectionMissing, settled), 8, 8, "degraded (direction_missing)"},
		{"disabled", seen(applied, mirror.Disabled, mirror.IsDisabled, 0), 8, 8, "disabled"},
		{"expired", seen(applied, mirror.Expired, mirror.LifeOver, 0), 8, 8, "expired"},
		{"not persisted", seen(faulty(true, mirror.NotPersisted), mirror.Failed, mirror.NotPersisted, 0), 8, 8,
			`Applied=False, reason NotPersisted: session "web-01": says why.`},
		{"no such VM", seen(faulty(false, mirror.SourceGone), mirror.Failed, mirror.SourceGone, 0), 8, 8, "Accepted=False, reason SourceGone"},
		{"vCenter away", seen(faulty(false, mirror.VCenterUnreachable), mirror.Unknown, mirror.VCenterUnreachable, time.Hour), open, open, ""},
		{"somebody else changes the switch", seen(faulty(true, mirror.ConcurrentAccess), mirror.Failed, mirror.ConcurrentAccess, time.Hour), open, open, ""},
	} {
		for g, want := range map[mirror.ConditionType]int{mirror.ConditionReady: test.ready, mirror.ConditionDelivering: test.delivers} {
			reached, err := goal(g).look(test.s)
			got := open
			if reached || err != nil {
				got = codeOf(err)
			}
			if got != want || reached != (want == 0) {
				t.Errorf("%s: waiting for %s: exit code %d (%v), reached %v; want %d", test.name, g, got, err, reached, want)
			}
			if err != nil && !strings.Contains(err.Error(), test.words) {
				t.Errorf("%s: waiting for %s: error %q, want %q in it", test.name, g, err, test.words)
			}
		}
	}
}

// codeOf is the exit code that report gives an error.
func codeOf(err error) int {
	if e, ok := errors.AsType[exitCodeError](err); ok {
		return e.code
	}
	if err != nil {
		return exitError
	}
	return exitOK
}

// TestAppliedIsOpenToNoVerdict: who waits for the switch alone is not kept from it by what the packets say.
func TestAppliedIsOpenToNoVerdict(t *testing.T) {
	if reached, err := goal(mirror.ConditionApplied).look(seen(applied, mirror.Lost, mirror.PortsActiveNothingArrived, time.Hour)); !reached || err != nil {
		t.Errorf("reached %v, %v; want true", reached, err)
	}
	if _, err := goal(mirror.ConditionApplied).look(seen(faulty(true, mirror.NotPersisted), mirror.Failed, mirror.NotPersisted, 0)); codeOf(err) != exitNotDelivering {
		t.Errorf("a session that was not persisted: %v, want exit code 8", err)
	}
}

func TestWaiting(t *testing.T) {
	pending := seen(applied, mirror.Pending, mirror.WithinGrace, 0)
	lost := seen(applied, mirror.Lost, mirror.PortsActiveNothingArrived, 0)
	for _, test := range []struct {
		name string
		show func(since time.Duration) wire.Session
		code int
		took time.Duration
		news string
	}{
		{"comes to deliver", func(since time.Duration) wire.Session {
			if since < 3*time.Second {
				return pending
			}
			return seen(applied, mirror.Delivering, mirror.PacketsSeen, 0)
		}, exitOK, 3 * time.Second, "web-01: pending (within_grace): the sentence.\nweb-01: delivering (packets_seen): the sentence.\n"},
		{"stays pending", func(time.Duration) wire.Session { return pending }, exitWaitNotMet, 30 * time.Second,
			"web-01: pending (within_grace): the sentence.\n"},
		{"is lost when the time is up", func(time.Duration) wire.Session { return lost }, exitNotDelivering, 30 * time.Second,
			"web-01: lost (ports_active_nothing_arrived): the sentence.\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var notes bytes.Buffer
				w := waiting{
					get:  func(context.Context, time.Duration) (wire.Session, error) { return test.show(time.Since(start)), nil },
					goal: goal(mirror.ConditionReady), timeout: 30 * time.Second, notes: &notes,
				}
				s, err := w.run(t.Context())
				if codeOf(err) != test.code || time.Since(start) != test.took || s.Name != "web-01" {
					t.Errorf("after %s: exit code %d (%v) with session %q; want %d after %s", time.Since(start), codeOf(err), err, s.Name, test.code, test.took)
				}
				if notes.String() != test.news {
					t.Errorf("said:\n%swant:\n%s", &notes, test.news)
				}
			})
		})
	}
}

// TestWaitingForASlowDaemon: a request that the time limit cuts off is not an error of the daemon's.
func TestWaitingForASlowDaemon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		w := waiting{
			get: func(ctx context.Context, _ time.Duration) (wire.Session, error) {
				if asked++; asked == 1 {
					return seen(applied, mirror.Idle, mirror.SourcePortsIdle, 0), nil
				}
				<-ctx.Done()
				return wire.Session{}, ctx.Err()
			},
			goal: goal(mirror.ConditionReady), timeout: time.Second, notes: &bytes.Buffer{},
		}
		if _, err := w.run(t.Context()); codeOf(err) != exitWaitNotMet || !strings.Contains(err.Error(), "the sentence.") {
			t.Errorf("error %v, want exit code 6 with what was last known", err)
		}
	})
}

// TestRefusedIsNotPending: what the switch did not take shows as failed before the judge has looked at it.
func TestRefusedIsNotPending(t *testing.T) {
	changed := seen(applied, mirror.Delivering, mirror.PacketsSeen, 0)
	changed.Generation++
	for _, test := range []struct {
		s             wire.Session
		state, reason string
	}{
		{seen(faulty(true, mirror.NotPersisted), mirror.Pending, mirror.NotApplied, 0), "failed", "not_persisted"},
		{seen(faulty(false, mirror.SourceGone), mirror.Pending, mirror.NotApplied, 0), "failed", "source_gone"},
		{seen(faulty(true, mirror.ConcurrentAccess), mirror.Pending, mirror.NotApplied, 0), "pending", "not_applied"},
		{seen(applied, mirror.Lost, mirror.ProbeUnseen, 0), "lost", "probe_unseen"},
		{changed, "pending", "not_applied"},
	} {
		if state, reason := standing(test.s); state != test.state || reason != test.reason {
			t.Errorf("%s (%s) shows as %s (%s), want %s (%s)", test.s.Status.Verdict.State, test.s.Status.Verdict.Reason, state, reason, test.state, test.reason)
		}
	}
}
