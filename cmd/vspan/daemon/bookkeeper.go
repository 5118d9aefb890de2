package daemon

import (
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/tracking"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// bookkeeper counts what one worker of the receiver takes in, in that worker's ledger, and offers what was attributed to those who
// capture.
type bookkeeper struct {
	table  *atomic.Pointer[evidence.Table]
	ledger *evidence.Ledger
	feed   *capture.Feed
	relay  *tracking.Relay
	tap    func(*receive.Datagram) // nil where nobody looks
	kept   *transcript.Packets
	due    bool // it wants to look at the datagrams in hand
}

// Begin implements receive.Handler.
func (b *bookkeeper) Begin() {
	b.ledger.Begin(b.table.Load())
	b.relay.Begin()
}

// Take implements receive.Handler.
func (b *bookkeeper) Take(list []receive.Datagram) {
	if b.tap != nil {
		for i := range list {
			b.tap(&list[i])
		}
	}
	b.due = b.kept.Due()
	if !b.due && !b.feed.Wanted() && !b.relay.Wanted() {
		b.ledger.Take(list)
		return
	}
	b.ledger.TakeBefore(b, list)
}

// Found implements evidence.Witness: it hands on what was found to be a session's.
func (b *bookkeeper) Found(list []receive.Datagram, found []evidence.Finding) {
	if b.due {
		for i := range list {
			b.kept.Look(&list[i], found[i].Whose, found[i].Gap)
		}
	}
	b.relay.Offer(list, found)
	if b.feed.Wanted() {
		for i := range list {
			b.offer(&list[i], &found[i])
		}
	}
}

// offer offers what was mirrored for a session.
func (b *bookkeeper) offer(d *receive.Datagram, found *evidence.Finding) {
	if found.UID == "" {
		return
	}
	b.feed.Offer(&capture.Original{
		Time: d.Time(), Source: d.Src(), Destination: d.Dst(), Payload: d.Payload, WireLen: d.WireLen, Truncated: d.Truncated,
		UID: found.UID, PortKey: found.PortKey, Host: found.Host, Direction: found.Direction, Gap: found.Gap,
	})
}

// End implements receive.Handler.
func (b *bookkeeper) End() {
	b.ledger.End()
	b.feed.Flush()
	b.relay.End()
}
