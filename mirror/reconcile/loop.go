package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// loop keeps one switch as the store asks.
type loop struct {
	r        *Reconciler
	id       mirror.SwitchID
	vc       VCenter
	log      *slog.Logger
	dirty    signal        // the switch is worth a look
	answers  signal        // vCenter notified, so it is there
	office   *office       // the right to change the switch
	released guarded[bool] // removals are not held back
	call     chan struct{} // holds a token while a call of Observe or Apply is under way

	// What the loop's own goroutine remembers from pass to pass, by Session.UID.
	refusals map[string]refusal
	lasting  map[string]lasting
	applied  map[string]mirror.VSPAN // as last found to be what was wanted
	hosts    map[string]*mirror.Fault
	drifted  map[string]string // what was noticed of a drift that lasts
	drifts   []drift           // noticed and not told yet
	own      []string          // versions of the switch that this process sent changes of
	orphans  int
	holding  int
}

func newLoop(r *Reconciler, id mirror.SwitchID, vc VCenter) *loop {
	l := &loop{
		r: r, id: id, vc: vc, log: r.opts.Log.With("vcenter", id.VCenter, "switch", id.UUID),
		dirty: newSignal(), answers: newSignal(), call: make(chan struct{}, 1),
		refusals: make(map[string]refusal), lasting: make(map[string]lasting), applied: make(map[string]mirror.VSPAN), hosts: make(map[string]*mirror.Fault),
		drifted: make(map[string]string),
	}
	l.office = r.newOffice(officeOf(id), fmt.Sprintf("switch %s of vCenter %q", id.UUID, id.VCenter), l.dirty.send)
	return l
}

// now is the time by which the switch's sessions end.
func (l *loop) now() time.Time { return l.r.now(l.vc) }

// run keeps the switch until ctx ends.
func (l *loop) run(ctx context.Context) {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { l.watch(ctx) })
	beside.Go(func() { l.office.run(ctx) })
	retry := newBackoff()
	failures := 0
	for ctx.Err() == nil {
		began := l.r.opts.Now()
		wake, err := l.pass(ctx)
		l.r.changed.send()
		if err == nil {
			retry.Reset()
			failures = 0
			l.rest(ctx, l.r.opts.Now().Sub(began))
			l.idle(ctx, wake, l.dirty, nil)
			continue
		}
		if ctx.Err() == nil {
			if mirror.FaultOf(err, mirror.VCenterUnreachable).Reason == mirror.SwitchNotFound {
				l.r.relist[l.id.VCenter].send()
			}
			_, away := errors.AsType[unreached](err)
			if !away {
				failures = 0
			} else if failures++; failures >= patience {
				l.office.giveUp() // another daemon may reach vCenter
				failures = 0
			}
			pause := retry.NextBackOff()
			l.log.Warn("switch is not as asked", "error", err, "retry", pause)
			l.recover(ctx, pause, away)
		}
	}
}

// recover waits after a failure until the next try is due. A vCenter that was away and notifies is back: the try need not wait longer
// then, but for a second.
func (l *loop) recover(ctx context.Context, pause time.Duration, away bool) {
	const least = time.Second
	select {
	case <-l.answers: // of before
	default:
	}
	l.idle(ctx, min(pause, least), nil, l.dirty)
	if pause > least {
		var back signal
		if away {
			back = l.answers
		}
		l.idle(ctx, pause-least, back, l.dirty)
	}
}

// rest lets as much time pass as the last pass took, up to five seconds, so that notifications without end keep no vCenter busy
// more than half of the time.
func (l *loop) rest(ctx context.Context, took time.Duration) {
	if took > 0 {
		l.idle(ctx, min(took, 5*time.Second), nil, nil)
	}
}

// idle waits until the time has passed, or wake comes, or ctx ends. While vCenter rests after a failure, what comes by still makes
// the sessions say what is the matter; that asks vCenter nothing.
func (l *loop) idle(ctx context.Context, pause time.Duration, wake, still signal) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-wake:
			return
		case <-still:
			l.unreadable(ctx)
		}
	}
}

// watch has vCenter notify the loop until ctx ends. What happens between two watches is found by looking when one begins.
func (l *loop) watch(ctx context.Context) {
	retry := newBackoff()
	for ctx.Err() == nil {
		began := l.r.opts.Now()
		err := l.vc.Watch(ctx, l.id, func() { l.dirty.send(); l.answers.send() })
		if ctx.Err() != nil {
			return
		}
		if l.r.opts.Now().Sub(began) > retry.MaxInterval {
			retry.Reset()
		}
		pause := retry.NextBackOff()
		l.log.Warn("watching the switch ended", "error", err, "retry", pause)
		l.idle(ctx, pause, nil, nil)
		l.dirty.send()
	}
}

// observe reads the switch completely, one call at a time. A read that began after the caller asked is as good as one of its own.
func (l *loop) observe(ctx context.Context) (mirror.Switch, error) {
	asked := l.r.tick()
	release, err := l.enter(ctx)
	if err != nil {
		return mirror.Switch{}, err
	}
	defer release()
	if sw := l.r.inventory.readAfter(l.id, asked); sw != nil {
		return *sw, nil
	}
	began, now := l.r.tick(), l.r.opts.Now()
	sw, err := l.vc.Observe(ctx, l.id)
	if err == nil && sw.ID != l.id {
		err = fmt.Errorf("vCenter answered with switch %s of %s", sw.ID.UUID, sw.ID.VCenter)
	}
	if err != nil {
		err = fmt.Errorf("read switch %s of %s: %w", l.id.UUID, l.id.VCenter, err)
		if ctx.Err() == nil {
			l.r.inventory.unseen(l.id, mirror.FaultOf(err, mirror.VCenterUnreachable), began)
		}
		return mirror.Switch{}, err
	}
	if sw.ReadAt.IsZero() {
		sw.ReadAt = now
	}
	l.r.inventory.seen(sw, began)
	return sw, nil
}

// enter waits for the calls under way to end; release lets the next one begin.
func (l *loop) enter(ctx context.Context) (release func(), err error) {
	select {
	case l.call <- struct{}{}:
		return func() { <-l.call }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another call to switch %s of %s: %w", l.id.UUID, l.id.VCenter, ctx.Err())
	}
}

// unreached is that this daemon could not ask vCenter.
type unreached struct{ error }

func (u unreached) Unwrap() error { return u.error }

// reached tells apart why a call to vCenter failed.
func reached(err error) error {
	reason := mirror.FaultOf(err, mirror.VCenterUnreachable).Reason
	if reason == mirror.VCenterUnreachable || reason == mirror.NotAuthenticated {
		return unreached{err}
	}
	return err
}
