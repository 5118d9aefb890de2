package extcap

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/api/client"
)

// How long Wireshark's questions may take, the start of this process not counted; it asks many, and one after the other.
const (
	answerWithin  = 15 * time.Millisecond
	firstWithin   = time.Second     // when nothing is known yet, once
	patientWithin = 5 * time.Second // for a person who pressed a button
)

// Part is what of the directory is needed.
type Part int

// The parts of a directory.
const (
	OfSessions Part = iota
	OfVMs
	OfReload // the VMs, for a person who waits for them
)

// within is how long is waited for a part where so much is known.
func (p Part) within(known Directory) time.Duration {
	switch {
	case p == OfReload:
		return patientWithin
	case p == OfSessions && known.Sessions == nil, p == OfVMs && known.VMs == nil:
		return firstWithin
	}
	return answerWithin
}

// Known is what there is to capture: what the daemon says now if it does so in no time, else what it said last, and then it is asked
// again by a process of its own for the next time.
func Known(ctx context.Context, c *client.Client, part Part) Directory {
	cache, noCache := NewCache(c.String())
	known, err := cache.Read(time.Now())
	if err != nil {
		known = Directory{}
	}
	ctx, cancel := context.WithTimeout(ctx, part.within(known))
	defer cancel()
	now := known
	if part == OfSessions {
		now.Sessions, err = Sessions(ctx, c)
	} else {
		now.VMs, err = VMs(ctx, c)
	}
	if err != nil {
		if ctx.Err() != nil && noCache == nil {
			askLater(cache, known, c)
		}
		return known
	}
	if now.At = time.Now().UTC(); noCache == nil {
		_ = cache.Write(now) // without it the next answer may take a little longer
	}
	return now
}

// askLater has the daemon asked for the next time, and keeps that it was asked once: the next question is not to wait as long as the first.
func askLater(cache Cache, known Directory, c *client.Client) {
	if known.Sessions == nil || known.VMs == nil {
		known.At = time.Now().UTC()
		known.Sessions, known.VMs = append([]Session{}, known.Sessions...), append([]string{}, known.VMs...)
		_ = cache.Write(known) // without it the next answer takes as long as this one
	}
	Later(c.String())
}
