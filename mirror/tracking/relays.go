package tracking

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/flow"
)

// Relays are the ways from the workers of a receiver to the trackers, by worker. The zero value is ready to use, by any goroutine.
type Relays struct {
	tracked atomic.Pointer[map[string]bool] // UIDs; nil: none
	era     atomic.Uint64                   // of what is tracked, and of what is known of it
	news    atomic.Pointer[chan struct{}]   // whoever waits for what is left; nil: nobody
	lock    sync.Mutex                      // of the trackers
	mu      sync.Mutex                      // of who adds one
	list    atomic.Pointer[[]*Relay]
}

// Of returns the relay of one worker, counted from 0: always the same.
func (rs *Relays) Of(worker int) *Relay {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	list := rs.all()
	for len(list) <= worker {
		list = append(slices.Clone(list), &Relay{relays: rs, places: map[placeKey]*place{}, batch: flow.NewBatch(&rs.lock)})
	}
	rs.list.Store(&list)
	return list[worker]
}

// tell tells whoever waits that there is something to do.
func (rs *Relays) tell() {
	if news := rs.news.Load(); news != nil {
		select {
		case *news <- struct{}{}:
		default: // it is told already
		}
	}
}

func (rs *Relays) all() []*Relay {
	if list := rs.list.Load(); list != nil {
		return *list
	}
	return nil
}

// Wanted are the UIDs of the sessions that are tracked, sorted.
func (rs *Relays) Wanted() []string {
	if tracked := rs.tracked.Load(); tracked != nil {
		return slices.Sorted(maps.Keys(*tracked))
	}
	return nil
}
