package sim

import (
	"sync"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// waiters are the property collectors that clients wait on. vcsim's wait knows
// no context: it ends with an update, at the client's own deadline, or when
// somebody cancels it. So shutting down cancels them all.
type waiters struct {
	mu    sync.Mutex
	at    map[*simulator.PropertyCollector]*waiter
	prune int // size at which collectors that were destroyed are dropped
}

// fewWaiters is not worth pruning.
const fewWaiters = 64

// waiter is where a collector is registered.
type waiter struct {
	registry *simulator.Registry
	gone     bool // was destroyed when last looked at
}

// add remembers the collector the caller is about to wait on.
func (w *waiters) add(ctx *simulator.Context, ref types.ManagedObjectReference) {
	pc, ok := ctx.Session.Get(ref).(*simulator.PropertyCollector)
	if !ok {
		return // destroyed, or not vcsim's: the call itself will say so
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = make(map[*simulator.PropertyCollector]*waiter)
		w.prune = fewWaiters
	}
	w.at[pc] = &waiter{registry: ctx.Session.Registry}
	if len(w.at) >= w.prune {
		w.drop()
		w.prune = max(fewWaiters, 2*len(w.at))
	}
}

// drop forgets collectors that were destroyed, at the second look: the first
// cancels a wait that had not begun when its collector was destroyed.
func (w *waiters) drop() {
	for pc, at := range w.at {
		if at.registry.Get(pc.Self) != nil {
			continue
		}
		if at.gone {
			delete(w.at, pc)
			continue
		}
		at.gone = true
		pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: pc.Self})
	}
}

// cancel ends every wait that is under way.
func (w *waiters) cancel() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for pc := range w.at {
		pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: pc.Self})
	}
}
