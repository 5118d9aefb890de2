//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// Retire has conversations passed up from now on, and returns their last
// counts, in which every packet that was dropped is. Those that are not
// admitted are left out. It waits until no program runs any more that may still
// count them, some milliseconds for all of them together.
func (c *Counter) Retire(conversations ...Conversation) ([]Count, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kernel == nil {
		return nil, ErrClosed
	}
	gone, err := retire(c.kernel, c.conversations, conversations, c.expel)
	if err != nil {
		return nil, err
	}
	clock, err := c.kernel.readClock()
	if err != nil {
		return nil, err
	}
	last := make([]Count, 0, len(gone))
	for _, k := range gone {
		slot := c.conversations.of[k]
		total, err := c.lastOf(slot)
		if err != nil {
			return nil, err
		}
		last = append(last, c.reckon(clock, slot, &total))
		c.conversations.release(k)
	}
	_ = c.fit(len(c.conversations.of)) // or the next time: where they are they are well
	return last, nil
}

// lastOf is what was counted of a conversation that is not any more. Nothing of it stays aside, for who has the slot next.
func (c *Counter) lastOf(slot uint32) (countsValue, error) {
	k := &c.counted[slot]
	own := c.kernel.places.read(k.place)
	var err error
	if k.aside, err = c.kernel.asideOf(slot); err != nil || k.aside.Sums.Packets == 0 {
		return own, err
	}
	if err := c.kernel.aside.Put(slot, make([]countsValue, c.kernel.cpus)); err != nil {
		return own, fmt.Errorf("xdp: clear the counts of a conversation: %w", err)
	}
	return k.total(own), nil
}

// RetireStreams ends the accounting of streams, and returns what it came to.
// What of their conversations is still admitted should be retired before, or
// its numbers are dropped unseen.
func (c *Counter) RetireStreams(streams ...Stream) ([]Sequence, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kernel == nil {
		return nil, ErrClosed
	}
	c.unlink(streams)
	gone, err := retire(c.kernel, c.streams, streams, c.kernel.expelStream)
	if err != nil {
		return nil, err
	}
	last := make([]Sequence, 0, len(gone))
	for _, s := range gone {
		slot := c.streams.of[s]
		last = append(last, Sequence{s, slot, c.kernel.numbersOf(slot, s.Whole)})
		c.missed += c.kernel.missedOf(slot)
		c.streams.release(s)
	}
	return last, nil
}

// retire expels those keys that have slots, each once, and returns them when
// the kernel is done with their slots.
func retire[K interface {
	comparable
	plain() K
}](k *kernel, in *slots[K], keys []K, expel func(K) error) (gone []K, err error) {
	seen := make(map[K]bool, len(keys))
	for _, key := range keys {
		key = key.plain()
		if _, ok := in.of[key]; !ok || seen[key] {
			continue
		}
		seen[key] = true
		if err := expel(key); err != nil {
			return nil, err
		}
		gone = append(gone, key)
	}
	if len(gone) == 0 {
		return nil, nil
	}
	return gone, k.grace.wait()
}

// unlink takes the references to streams out of the conversations that have
// them. Until a stream is expelled the program looks it up.
func (c *Counter) unlink(streams []Stream) {
	gone := make(map[uint32]bool, len(streams))
	for _, s := range streams {
		if link := c.linkTo(s.plain()); link != 0 {
			gone[link] = true
		}
	}
	if len(gone) == 0 {
		return
	}
	for i, given := range c.conversations.given {
		if given {
			k := &c.counted[i]
			c.change(k, k.snap, k.links.without(gone))
		}
	}
}

func (c *Counter) expel(k Conversation) error {
	c.kernel.places.leave(c.counted[c.conversations.of[k]].place)
	return nil
}

func (k *kernel) expelStream(s Stream) error {
	table, key := k.stream(s)
	if err := table.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("xdp: retire a stream: %w", err)
	}
	return nil
}
