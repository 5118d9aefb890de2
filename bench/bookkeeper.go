package main

import (
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
)

// bookkeeper counts in a ledger what a worker of a source receives, as the daemon's does.
type bookkeeper struct {
	table  *atomic.Pointer[evidence.Table]
	ledger *evidence.Ledger
}

// Begin implements receive.Handler.
func (b *bookkeeper) Begin() { b.ledger.Begin(b.table.Load()) }

// Take implements receive.Handler.
func (b *bookkeeper) Take(d *receive.Datagram) {
	b.ledger.Take((*evidence.Arrival)(d))
}

// Foresees implements receive.Foreseer.
func (b *bookkeeper) Foresees() bool { return b.ledger.Foresees() }

// Foresee implements receive.Foreseer.
func (b *bookkeeper) Foresee(d *receive.Datagram) { b.ledger.Foresee((*evidence.Arrival)(d)) }

// End implements receive.Handler.
func (b *bookkeeper) End() { b.ledger.End() }

// newBookkeeper has an empty ledger and a table of what is expected.
func newBookkeeper(expected []evidence.Expectation) *bookkeeper {
	b := &bookkeeper{table: new(atomic.Pointer[evidence.Table]), ledger: evidence.NewLedger(evidence.Limits{})}
	b.table.Store(evidence.NewTable(expected))
	return b
}
