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
	at    map[waiter]struct{}
	prune int // size at which collectors that were destroyed are dropped
}

// waiter is one collector in the registry of its session.
type waiter struct {
	registry *simulator.Registry
	ref      types.ManagedObjectReference
}

// add remembers the collector the caller is about to wait on.
func (w *waiters) add(ctx *simulator.Context, ref types.ManagedObjectReference) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at == nil {
		w.at = make(map[waiter]struct{})
		w.prune = 64
	}
	w.at[waiter{ctx.Session.Registry, ref}] = struct{}{}
	if len(w.at) < w.prune {
		return
	}
	for k := range w.at {
		if k.registry.Get(k.ref) == nil {
			delete(w.at, k)
		}
	}
	w.prune = max(64, 2*len(w.at))
}

// cancel ends every wait that is under way.
func (w *waiters) cancel() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.at {
		if pc, ok := k.registry.Get(k.ref).(*simulator.PropertyCollector); ok {
			pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: k.ref})
		}
	}
}
