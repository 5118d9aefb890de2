// Package kernelcount joins counting in the kernel (mirror/receive/xdp) with the ledger that knows whose packets are (mirror/evidence).
package kernelcount

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/mirror/beat"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
)

// Counting has the kernel count what the ledger has seen often enough to know whose it is. What it does not count goes up to the
// ring behind it: fragments, what nobody has seen before, and the sessions whose frames somebody wants.
type Counting struct {
	counter *xdp.Counter
	ledger  *evidence.Ledger
	table   *atomic.Pointer[evidence.Table]
	demand  func() capture.Demand // the sessions whose frames somebody wants

	known   map[xdp.Conversation]*admitted
	streams map[xdp.Stream]*followed
	// The same by their slots, as they were last harvested: a slot may have gone to another since.
	knownAt  []*admitted
	streamAt []*followed
	// What is brought, kept for the next time.
	volumes []evidence.Volume
	of      []xdp.Conversation
	wanted  capture.Demand // at the last look

	counted atomic.Uint64           // packets that were brought
	last    atomic.Pointer[Figures] // but for those
}

// admitted is a conversation that the kernel counts.
type admitted struct {
	evidence.Recurring
	of      xdp.Conversation
	brought xdp.Counts // what the ledger has had of it
	moved   time.Time  // when it last counted something
}

const (
	// Every is how often what the kernel has counted is brought to the ledger, at best, and Rarely at worst: to bring much costs more
	// than to count it.
	Every  = 250 * time.Millisecond
	Rarely = time.Second
	// idleAfter is for how long a conversation may be quiet before its place is given to another.
	idleAfter = time.Minute
)

// New returns a Counting. counter must be open; it is closed when Run ends. The ledger is that of the only worker of the ring behind the
// program, and table what its handler begins its batches with; demand says whose frames somebody wants.
func New(counter *xdp.Counter, ledger *evidence.Ledger, table *atomic.Pointer[evidence.Table], demand func() capture.Demand) *Counting {
	return &Counting{
		counter: counter, ledger: ledger, table: table, demand: demand,
		known: make(map[xdp.Conversation]*admitted), streams: make(map[xdp.Stream]*followed),
	}
}

// Run counts until ctx ends, and brings the rest.
func (k *Counting) Run(ctx context.Context) error {
	k.ledger.Recurring() // from now on
	timer := time.NewTimer(Every)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(k.retire(k.all(), time.Now()), k.conclude(), k.counter.Close())
		case now := <-timer.C:
			if err := k.once(now); err != nil {
				return errors.Join(fmt.Errorf("counting in the kernel: %w", err), k.counter.Close())
			}
			timer.Reset(beat.Until(time.Now(), restAfter(len(k.known))))
		}
	}
}

// restAfter is how long to wait after so many conversations were brought.
func restAfter(conversations int) time.Duration {
	return min(Every+Every*time.Duration(conversations)/128, Rarely)
}

// once brings what was counted, gives up what should not be counted there any more, and admits what is new.
func (k *Counting) once(now time.Time) error {
	h, err := k.counter.Harvest()
	if err != nil {
		return err
	}
	k.note(&h)
	k.wanted = k.demand()
	given := k.bring(h.Conversations, now)
	for c, a := range k.known {
		if k.wants(a.UID) || now.Sub(a.moved) > idleAfter {
			given = append(given, c)
		}
	}
	k.follow(h.Streams, now)
	return errors.Join(k.retire(given, now), k.admit(now))
}

// wants reports whether somebody wants the frames of a session.
func (k *Counting) wants(uid string) bool {
	return k.wanted.All || slices.Contains(k.wanted.Sessions, uid)
}

// bring adds to the ledger what was counted since it was last brought, and returns what is not of one source of one session any more.
func (k *Counting) bring(counts []xdp.Count, now time.Time) (others []xdp.Conversation) {
	k.volumes, k.of = k.volumes[:0], k.of[:0]
	for i := range counts {
		c := &counts[i]
		a := k.knownOf(c)
		if a == nil || c.Packets == a.brought.Packets {
			continue
		}
		k.volumes, k.of = append(k.volumes, a.since(&c.Counts)), append(k.of, c.Conversation)
		k.counted.Add(c.Packets - a.brought.Packets)
		a.brought, a.moved = c.Counts, now
	}
	for i, mine := range k.ledger.Add(k.table.Load(), k.volumes) {
		if !mine {
			others = append(others, k.of[i])
		}
	}
	return others
}

// knownOf is what k.known has of a count. It is mostly where it was before.
func (k *Counting) knownOf(c *xdp.Count) *admitted {
	k.knownAt = upTo(k.knownAt, c.Slot)
	at := &k.knownAt[c.Slot]
	if a := *at; a == nil || a.of != c.Conversation {
		*at = k.known[c.Conversation]
	}
	return *at
}

// upTo is s with a place for a slot.
func upTo[E any](s []E, slot uint32) []E {
	if n := int(slot) + 1 - len(s); n > 0 {
		s = append(s, make([]E, n)...)
	}
	return s
}

// since is what was counted since the ledger was last brought something.
func (a *admitted) since(now *xdp.Counts) evidence.Volume {
	before := a.brought
	v := a.Volume()
	v.Packets, v.Bytes, v.OuterBytes = now.Packets-before.Packets, now.Bytes-before.Bytes, now.OuterBytes-before.OuterBytes
	v.Truncated, v.Early, v.Missing = now.Truncated-before.Truncated, now.Early-before.Early, now.Missing-before.Missing
	v.Largest, v.First, v.Last = now.Largest, now.First, now.Last
	if before.Packets > 0 {
		v.First = now.Last // of these packets nothing earlier is known
	}
	return v
}

// admit has what recurs counted in the kernel from now on, as far as there is room.
func (k *Counting) admit(now time.Time) error {
	for _, r := range k.ledger.Recurring() {
		c := conversationOf(r.Alike)
		if k.wants(r.UID) {
			continue
		}
		if a := k.known[c]; a != nil {
			if a.UID == r.UID {
				continue
			}
			if err := k.retire([]xdp.Conversation{c}, now); err != nil { // it is another session's now
				return err
			}
		}
		err := k.enter(c, r, now)
		if err == nil {
			err = k.counter.Admit(xdp.Admission{Conversation: c, SnapLength: r.SnapLength})
		}
		switch {
		case err == nil:
			k.known[c] = &admitted{Recurring: r, of: c, moved: now}
		case errors.Is(err, xdp.ErrFull), errors.Is(err, xdp.ErrNever): // the ring goes on to count it
			if err := k.retireStreams(k.leave(c), now); err != nil {
				return err
			}
		default:
			return err
		}
	}
	return nil
}

// all are the conversations that the kernel counts.
func (k *Counting) all() []xdp.Conversation {
	list := make([]xdp.Conversation, 0, len(k.known))
	for c := range k.known {
		list = append(list, c)
	}
	return list
}

// retire has conversations go up to the ring again, and brings the last of what was counted of them. Streams that nothing is counted of
// any more are followed here again.
func (k *Counting) retire(conversations []xdp.Conversation, now time.Time) error {
	if len(conversations) == 0 {
		return nil
	}
	last, err := k.counter.Retire(conversations...)
	if err != nil {
		return err
	}
	k.bring(last, now)
	for i := range last {
		k.knownAt[last[i].Slot] = nil
	}
	var idle []xdp.Stream
	for _, c := range conversations {
		if _, known := k.known[c]; known {
			delete(k.known, c)
			idle = append(idle, k.leave(c)...)
		}
	}
	return k.retireStreams(idle, now)
}
