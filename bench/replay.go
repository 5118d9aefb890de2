package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/vspan-io/vspan/bench/cpu"
	"github.com/vspan-io/vspan/bench/network"
	"github.com/vspan-io/vspan/bench/rival"
	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
)

// replay gives a set of packets to a decoder over and over, and clocks what it does with them. Between two times round the sequences
// and the times are moved on, which is not clocked.
type replay struct {
	packets  *network.Packets
	expected []evidence.Expectation
}

func newReplay(spec traffic.Spec) (replay, error) {
	t, err := traffic.New(spec)
	if err != nil {
		return replay{}, err
	}
	return replay{network.NewPackets(t.Memory(), 0), expected(t)}, nil
}

// size is the number of packets in the set.
func (r replay) size() int { return len(r.packets.All()) }

// bytes are those of all packets of the set.
func (r replay) bytes() (n int) {
	for _, p := range r.packets.All() {
		n += len(p)
	}
	return n
}

// clocked is what a number of times round the set cost.
type clocked struct {
	packets     int
	spent       time.Duration // CPU time of this process
	allocations uint64
}

// perPacket is in nanoseconds of CPU time.
func (c clocked) perPacket() float64 { return float64(c.spent.Nanoseconds()) / float64(c.packets) }

// warm is how many times the set goes round before the clock runs.
const warm = 2

// interval is the time between two packets.
const interval = 10 * time.Microsecond

// each yields the packets of warm and then of the given number of times round, in batches.
func (r replay) each(times int, c *clocked) func(func([]receive.Lying) bool) {
	return func(yield func([]receive.Lying) bool) {
		runtime.GC() // what was there before would be swept meanwhile, and be charged
		at, lying := time.Now().UnixNano(), make([]receive.Lying, r.size())
		for i, packet := range r.packets.All() {
			lying[i].IP = packet
		}
		var watch cpu.Stopwatch
		var before, after runtime.MemStats
		for round := range warm + times {
			if round == warm {
				runtime.ReadMemStats(&before)
			}
			for i := range lying {
				at += int64(interval)
				lying[i].At = at
			}
			watch.Start()
			for rest := lying; len(rest) > 0; {
				n := min(batch, len(rest))
				if !yield(rest[:n]) {
					return
				}
				rest = rest[n:]
			}
			watch.Stop()
			if round < warm {
				watch.Spent = 0
			}
			for i := range r.packets.All() {
				r.packets.Renumber(i)
			}
		}
		runtime.ReadMemStats(&after)
		*c = clocked{packets: times * r.size(), spent: watch.Spent, allocations: after.Mallocs - before.Mallocs}
	}
}

// ours receives from memory into a new ledger, and makes sure that every packet was found to be of its session.
func (r replay) ours(ctx context.Context, times int) (c clocked, err error) {
	books := newBookkeeper(r.expected)
	source := receive.NewMemory(receive.MemoryOptions{Batches: r.each(times, &c)})
	if err := source.Run(ctx, func(int) receive.Handler { return books }); err != nil {
		return c, err
	}
	want := uint64((warm + times) * r.size())
	if got := books.ledger.View().Totals; got.Packets != want || got.Confirmed != want {
		return c, fmt.Errorf("ours confirmed %d of %d packets", got.Confirmed, want)
	}
	return c, nil
}

// batch is how many packets are received together, about as many as lie in a block of a ring.
const batch = 256

// parser is gopacket's DecodingLayerParser with a ledger of its own.
func (r replay) parser(_ context.Context, times int) (clocked, error) {
	p := rival.NewParser()
	return r.rival(times, p.Take, p.Ledger)
}

// newPacket is gopacket's NewPacket.
func (r replay) newPacket(_ context.Context, times int) (clocked, error) {
	p := rival.NewPackets()
	return r.rival(times, p.Take, p.Ledger)
}

func (r replay) rival(times int, take func([]byte) error, ledger *rival.Ledger) (c clocked, err error) {
	for batch := range r.each(times, &c) {
		for i := range batch {
			if err := take(batch[i].IP); err != nil {
				return c, err
			}
		}
	}
	want := uint64((warm + times) * r.size())
	if got, lost := ledger.Totals(); got != want || lost != 0 {
		return c, fmt.Errorf("gopacket counted %d of %d packets, and %d lost", got, want, lost)
	}
	return c, nil
}
