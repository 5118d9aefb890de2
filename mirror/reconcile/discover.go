package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// discover keeps a loop for each switch of a vCenter until ctx ends.
func (r *Reconciler) discover(ctx context.Context, name string, vc VCenter) {
	running := make(map[mirror.SwitchID]task)
	defer func() {
		for _, t := range running {
			<-t.done
		}
	}()
	retry := newBackoff()
	for ctx.Err() == nil {
		ids, err := vc.Switches(ctx)
		if ctx.Err() != nil {
			return
		}
		pause := r.opts.Resync
		if err != nil {
			err = fmt.Errorf("list the switches of vCenter %q: %w", name, err)
			pause = retry.NextBackOff()
			r.opts.Log.Warn("no list of switches", "error", err, "retry", pause)
			r.inventory.listed(name, mirror.FaultOf(err, mirror.VCenterUnreachable))
		} else {
			retry.Reset()
			r.match(ctx, running, ids, vc)
			r.inventory.listed(name, nil)
		}
		r.changed.send()
		r.untilRelist(ctx, name, pause, err != nil)
	}
}

// task is something running that can be ended and waited for.
type task struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// match ends the loops of switches that are gone and starts those of new ones.
func (r *Reconciler) match(ctx context.Context, running map[mirror.SwitchID]task, ids []mirror.SwitchID, vc VCenter) {
	there := make(map[mirror.SwitchID]bool, len(ids))
	for _, id := range ids {
		there[id] = true
		if _, runs := running[id]; runs {
			continue
		}
		loopCtx, cancel := context.WithCancel(ctx)
		t := task{cancel: cancel, done: make(chan struct{})}
		running[id] = t
		l := newLoop(r, id, vc)
		r.inventory.add(l)
		go func() {
			defer close(t.done)
			defer cancel()
			l.run(loopCtx)
		}()
	}
	for id, t := range running {
		if there[id] {
			continue
		}
		r.opts.Log.Warn("switch is gone", "vcenter", id.VCenter, "switch", id.UUID)
		t.cancel()
		<-t.done
		delete(running, id)
		r.inventory.drop(id)
	}
}

// untilRelist waits until the list of switches is worth another look. After a failure only time helps.
func (r *Reconciler) untilRelist(ctx context.Context, name string, pause time.Duration, failed bool) {
	const least = time.Second // however often somebody asks for a switch that is not there
	wait(ctx, min(pause, least))
	timer := time.NewTimer(max(pause-least, 0))
	defer timer.Stop()
	relist := r.relist[name]
	if failed {
		relist = nil
	}
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-relist:
	}
}
