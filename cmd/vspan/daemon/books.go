package daemon

import (
	"slices"
	"sync"

	"github.com/vspan-io/vspan/mirror/evidence"
)

// books are the ledgers of the receiver's workers. A source that takes the place of another one writes on in them.
type books struct {
	mu   sync.Mutex
	list []*evidence.Ledger // by worker
}

// of returns the ledger of a worker, counted from 0.
func (b *books) of(worker int) *evidence.Ledger {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.list) <= worker {
		b.list = append(b.list, evidence.NewLedger(evidence.Limits{}))
	}
	return b.list[worker]
}

// view is what all of them hold together.
func (b *books) view() *evidence.View {
	b.mu.Lock()
	ledgers := slices.Clone(b.list)
	b.mu.Unlock()
	views := make([]*evidence.View, len(ledgers))
	for i, l := range ledgers {
		views[i] = l.View()
	}
	return evidence.Merge(views...)
}
