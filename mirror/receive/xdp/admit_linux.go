//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"
)

// Admit has conversations counted and dropped from now on. Those that are
// admitted already keep their counts and take the new snap length. It does as
// much as it can: the error is ErrFull for those there was no room for and
// ErrNever for those that are never counted. A stream of theirs whose sequence
// is to be accounted for must be admitted before, or numbers are dropped unseen.
// Beyond 512, and each time there are twice as many, all of them are moved to
// more room: for some milliseconds they are passed up.
func (c *Counter) Admit(admissions ...Admission) error {
	return admitEach(c, admissions, c.admit, "conversations", c.options.Conversations)
}

// admitEach admits each, as many as it can. Those there was no room for it counts, and says so once.
func admitEach[T any](c *Counter, list []T, admit func(T) error, what string, limit int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kernel == nil {
		return ErrClosed
	}
	var failed error
	full := 0
	for _, each := range list {
		switch err := admit(each); {
		case errors.Is(err, ErrFull):
			full++
		case err != nil:
			failed = errors.Join(failed, err)
		}
	}
	if full == 0 {
		return failed
	}
	c.refused += uint64(full)
	return errors.Join(failed, fmt.Errorf("%w: %d %s beyond the limit of %d, raise it or retire some", ErrFull, full, what, limit))
}

func (c *Counter) admit(a Admission) error {
	a.Conversation = a.plain()
	if err := a.check(); err != nil {
		return err
	}
	l := linksOf(c.linkTo(a.whole()), c.linkTo(a.Stream()))
	if slot, known := c.conversations.of[a.Conversation]; known {
		c.change(&c.counted[slot], a.SnapLength, l)
		return nil
	}
	if err := c.fit(len(c.conversations.of) + 1); err != nil {
		return fmt.Errorf("xdp: make room for conversations: %w", err)
	}
	slot, ok := c.conversations.take(a.Conversation)
	if !ok {
		return ErrFull
	}
	place, ok := c.kernel.places.take(a.key(), slot, a.SnapLength, l)
	if !ok { // its neighbours are all taken
		c.conversations.release(a.Conversation)
		return ErrFull
	}
	if len(c.counted) < c.conversations.used() {
		c.counted = append(c.counted, counted{})
	}
	c.counted[slot] = counted{place: place, snap: a.SnapLength, links: l}
	return nil
}

// change tells the kernel what is new of a conversation.
func (c *Counter) change(k *counted, snapLength int, l links) {
	if k.links != l || k.snap != snapLength {
		k.links, k.snap = l, snapLength
		c.kernel.places.change(k.place, snapLength, l)
	}
}

// linkTo is how a conversation refers to a stream: its slot plus 1, 0 when it is
// not admitted. Then, and if it is admitted later, the program looks it up.
func (c *Counter) linkTo(s Stream) uint32 {
	if slot, ok := c.streams.of[s]; ok {
		return slot + 1
	}
	return 0
}

// AdmitStreams has the numbers of streams accounted for from now on, beginning
// with the next that arrives. Those that are admitted already go on. Errors are
// as those of Admit.
func (c *Counter) AdmitStreams(streams ...Stream) error {
	return admitEach(c, streams, c.admitStream, "streams", c.options.Streams)
}

func (c *Counter) admitStream(s Stream) error {
	s = s.plain()
	if err := s.check(); err != nil {
		return err
	}
	if _, known := c.streams.of[s]; known {
		return nil
	}
	slot, ok := c.streams.take(s)
	if !ok {
		return ErrFull
	}
	c.kernel.sequences.values[slot], c.kernel.detours.values[slot] = sequenceValue{}, detourValue{} // nothing goes by the slot yet
	if !s.Whole {
		c.kernel.guide.values[0].Hints[s.hint()] = uint16(slot) // whoever reads the old one meanwhile only asks in vain
	}
	table, key := c.kernel.stream(s)
	if err := table.Put(key, slot); err != nil {
		c.streams.release(s)
		return fmt.Errorf("xdp: admit a stream: %w", err)
	}
	return nil
}
