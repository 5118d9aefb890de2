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
func (b *bookkeeper) Take(list []receive.Datagram) { b.ledger.Take(list) }

// End implements receive.Handler.
func (b *bookkeeper) End() { b.ledger.End() }

// newBookkeeper has an empty ledger and a table of what is expected.
func newBookkeeper(expected []evidence.Expectation) *bookkeeper {
	b := &bookkeeper{table: new(atomic.Pointer[evidence.Table]), ledger: evidence.NewLedger(evidence.Limits{})}
	b.table.Store(evidence.NewTable(expected))
	return b
}
