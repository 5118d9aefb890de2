package kernelcount

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive/xdp"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// followed is a sequence space that the kernel follows.
type followed struct {
	evidence.Stream
	of            xdp.Stream
	conversations int // that are counted there and are of it
}

// streamsOf are the sequence spaces that a conversation is in, that of all its exporter sends first; none of a type without numbers.
func streamsOf(c xdp.Conversation) []xdp.Stream {
	if !c.Type.HasSession() {
		return nil
	}
	return []xdp.Stream{{Src: c.Src, Dst: c.Dst, Whole: true}, c.Stream()}
}

// enter has the kernel follow the streams of a conversation from now on.
func (k *Counting) enter(c xdp.Conversation, r evidence.Recurring, now time.Time) error {
	for _, s := range streamsOf(c) {
		if f := k.streams[s]; f != nil && f.UID != uidOf(s, r) { // its id is another session's now
			if err := k.retireStreams([]xdp.Stream{s}, now); err != nil {
				return err
			}
		}
		f := k.streams[s]
		if f == nil {
			if err := k.counter.AdmitStreams(s); err != nil {
				return err
			}
			f = &followed{of: s, Stream: evidence.Stream{UID: uidOf(s, r), Exporter: s.Src, Destination: s.Dst, Type: c.Type, ID: s.ID, HardwareID: s.HardwareID}}
			k.streams[s] = f
			k.ledger.Follow(f.Stream, sequence.Numbers{}, now.UnixNano())
		}
		f.conversations++
	}
	return nil
}

// uidOf is the session that a stream is of; "" of the whole.
func uidOf(s xdp.Stream, r evidence.Recurring) string {
	if s.Whole {
		return ""
	}
	return r.UID
}

// leave takes a conversation out of its streams, and returns those that nothing is in any more.
func (k *Counting) leave(c xdp.Conversation) (idle []xdp.Stream) {
	for _, s := range streamsOf(c) {
		if f := k.streams[s]; f != nil {
			if f.conversations--; f.conversations == 0 {
				idle = append(idle, s)
			}
		}
	}
	return idle
}

// retireStreams has streams followed by the ledger again.
func (k *Counting) retireStreams(streams []xdp.Stream, now time.Time) error {
	last, err := k.counter.RetireStreams(streams...)
	if err != nil {
		return err
	}
	k.follow(last, now)
	for i := range last {
		k.streamAt[last[i].Slot] = nil
	}
	for _, s := range streams {
		if f := k.streams[s]; f != nil {
			k.ledger.Return(f.Stream, now.UnixNano())
			delete(k.streams, s)
		}
	}
	return nil
}

// follow brings the numbers of the streams.
func (k *Counting) follow(sequences []xdp.Sequence, now time.Time) {
	for i := range sequences {
		s := &sequences[i]
		if f := k.followedOf(s); f != nil {
			k.ledger.Follow(f.Stream, s.Numbers, now.UnixNano())
		}
	}
}

// followedOf is what k.streams has of a sequence. It is mostly where it was before.
func (k *Counting) followedOf(s *xdp.Sequence) *followed {
	k.streamAt = upTo(k.streamAt, s.Slot)
	at := &k.streamAt[s.Slot]
	if f := *at; f == nil || f.of != s.Stream {
		*at = k.streams[s.Stream]
	}
	return *at
}

// conversationOf is what the kernel knows packets alike by.
func conversationOf(a evidence.Alike) xdp.Conversation {
	c := xdp.Conversation{
		Src: a.Exporter, Dst: a.Destination, Type: a.Type, ID: a.ID, HardwareID: a.HardwareID, FrameSrc: a.Src, FrameDst: a.Dst,
	}
	switch a.Said {
	case mirror.FromVM:
		c.Mark = xdp.FromVM
	case mirror.ToVM:
		c.Mark = xdp.ToVM
	}
	return c
}
