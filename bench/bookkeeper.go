package main

import (
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/tracking"
)

// bookkeeper counts in a ledger what a worker of a source receives, and relays it to whoever looks at conversations, as the daemon's does.
type bookkeeper struct {
	table  *atomic.Pointer[evidence.Table]
	ledger *evidence.Ledger
	relays *tracking.Relays
	relay  *tracking.Relay
}

// Begin implements receive.Handler.
func (b *bookkeeper) Begin() {
	b.ledger.Begin(b.table.Load())
	b.relay.Begin()
}

// Take implements receive.Handler.
func (b *bookkeeper) Take(list []receive.Datagram) {
	if !b.relay.Wanted() {
		b.ledger.Take(list)
		return
	}
	b.ledger.TakeBefore(b, list)
}

// Found implements evidence.Witness.
func (b *bookkeeper) Found(list []receive.Datagram, found []evidence.Finding) {
	b.relay.Offer(list, found)
}

// End implements receive.Handler.
func (b *bookkeeper) End() {
	b.ledger.End()
	b.relay.End()
}

// newBookkeeper has an empty ledger and a table of what is expected.
func newBookkeeper(expected []evidence.Expectation) *bookkeeper {
	relays := new(tracking.Relays)
	b := &bookkeeper{table: new(atomic.Pointer[evidence.Table]), ledger: evidence.NewLedger(evidence.Limits{}), relays: relays, relay: relays.Of(0)}
	b.table.Store(evidence.NewTable(expected))
	return b
}
