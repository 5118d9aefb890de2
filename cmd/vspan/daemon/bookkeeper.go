package daemon

import (
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
)

// bookkeeper counts what one worker of the receiver takes in, in that worker's ledger.
type bookkeeper struct {
	table  *atomic.Pointer[evidence.Table]
	ledger *evidence.Ledger
	tap    func(*receive.Datagram) // nil where nobody looks
}

// Begin implements receive.Handler.
func (b *bookkeeper) Begin() { b.ledger.Begin(b.table.Load()) }

// Take implements receive.Handler.
func (b *bookkeeper) Take(d *receive.Datagram) {
	if b.tap != nil {
		b.tap(d)
	}
	b.ledger.Take((*evidence.Arrival)(d))
}

// End implements receive.Handler.
func (b *bookkeeper) End() { b.ledger.End() }
