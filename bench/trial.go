package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/bench/cpu"
	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/kernelcount"
)

// field is a link with a sender at one end, for one contender after the other.
type field struct {
	load   load
	link   *network.Link
	sender *network.Sender
}

// newField takes root.
func newField(sent load) (*field, error) {
	t, err := traffic.New(sent.spec)
	if err != nil {
		return nil, err
	}
	var exporters []netip.Addr
	known := make(map[netip.Addr]bool)
	for _, m := range t.Mirrors() {
		if !known[m.Exporter] {
			known[m.Exporter] = true
			exporters = append(exporters, m.Exporter)
		}
	}
	link, err := network.NewLink(netip.PrefixFrom(t.Collector(), 8), exporters)
	if err != nil {
		return nil, fmt.Errorf("needs root and iproute2: %w", err)
	}
	sender, err := link.NewSender(t.Memory())
	if err != nil {
		return nil, errors.Join(err, link.Close())
	}
	if sent.conversing {
		sender.Converse()
	}
	return &field{sent, link, sender}, nil
}

func (f *field) close() error { return errors.Join(f.sender.Close(), f.link.Close()) }

// trial is what became of the packets that were sent to a contender, in one stretch or in several.
type trial struct {
	stretch   // all of them together
	stretches []stretch
	heard     heard
}

// add adds a stretch.
func (t *trial) add(s stretch) {
	t.stretch, t.stretches = t.plus(s), append(t.stretches, s)
}

// lost is how many packets the contender did not get, by its own count and the kernel's.
func (t trial) lost() int {
	return max(t.heard.Dropped, t.sent.Packets-t.heard.Packets) + int(t.onLink)
}

// How long to wait before the packets, for a process that has just begun to be at rest, and after them: tcpdump leaves a block that is
// not full to the kernel for a second.
const (
	resting  = 200 * time.Millisecond
	draining = 1200 * time.Millisecond
)

// try sends n packets to a contender at the rate.
func (f *field) try(ctx context.Context, c contender, n int, rate float64) (t trial, err error) {
	l, err := c.start(ctx, f.link)
	if err != nil {
		return t, fmt.Errorf("%s: %w", c.name, err)
	}
	time.Sleep(resting)
	shown, err := f.show(ctx, c, rate)
	if err == nil {
		err = f.clock(ctx, &t, l.pid(), n, rate, draining)
	}
	var stopped error
	t.heard, stopped = l.stop()
	if err = errors.Join(err, stopped); ctx.Err() != nil {
		err = ctx.Err() // the contender ends with it, and all that fails then fails for that
	}
	if err != nil {
		return t, fmt.Errorf("%s: %w", c.name, err)
	}
	t.heard.Packets -= shown
	return t, nil
}

// inTurn tries contenders one after the other, so many rounds, with n packets each time at the rate. The trials are by contender.
func (f *field) inTurn(ctx context.Context, rounds, n int, rate float64, contenders ...contender) ([]series, error) {
	turns := make([]series, len(contenders))
	for range rounds {
		for i, c := range contenders {
			t, err := f.try(ctx, c, n, rate)
			if err != nil {
				return nil, err
			}
			turns[i] = append(turns[i], t)
		}
	}
	return turns, nil
}

// show gives a contender that learns the whole set twice, and time to make use of it, before the clocks run.
func (f *field) show(ctx context.Context, c contender, rate float64) (shown int, err error) {
	if !c.learns {
		return 0, nil
	}
	for range 2 {
		sent, err := f.sender.Send(ctx, f.load.spec.Packets, rate)
		if err != nil {
			return shown, err
		}
		shown += sent.Packets
		time.Sleep(3 * kernelcount.Every)
	}
	return shown, nil
}

// clock sends, waits for as long as it takes to work off what was sent, and adds that stretch to the trial: the difference of all clocks.
func (f *field) clock(ctx context.Context, t *trial, pid, n int, rate float64, wait time.Duration) error {
	before, err := f.readClocks(pid)
	if err != nil {
		return err
	}
	sent, err := f.sender.Send(ctx, n, rate)
	if err != nil {
		return err
	}
	time.Sleep(wait)
	after, err := f.readClocks(pid)
	if err != nil {
		return err
	}
	t.add(stretch{
		sent: sent, receiver: after.receiver - before.receiver, softirq: after.softirq - before.softirq,
		machine: after.machine.Since(before.machine), onLink: after.onLink - before.onLink,
	})
	return nil
}

// clocks are read together.
type clocks struct {
	receiver, softirq time.Duration
	machine           cpu.Machine
	onLink            uint64
}

func (f *field) readClocks(pid int) (c clocks, err error) {
	if c.softirq, err = cpu.Softirq(); err != nil {
		return c, err
	}
	if c.machine, err = cpu.ReadMachine(); err != nil {
		return c, err
	}
	if c.onLink, err = f.link.Dropped(); err != nil {
		return c, err
	}
	if pid != 0 {
		c.receiver, err = cpu.Of(pid)
	}
	return c, err
}
