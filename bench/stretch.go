package main

import (
	"time"

	"github.com/vspan-io/vspan/bench/cpu"
	"github.com/vspan-io/vspan/bench/network"
)

// stretch is what it cost to send packets to a contender without a pause.
type stretch struct {
	sent     network.Sent
	receiver time.Duration // CPU time of the contender's process
	softirq  time.Duration // of ksoftirqd
	machine  cpu.Machine   // what the whole machine did meanwhile, all that is none of ours included
	onLink   uint64        // packets that the link itself dropped
}

// plus adds what another one cost.
func (s stretch) plus(o stretch) stretch {
	return stretch{s.sent.Plus(o.sent), s.receiver + o.receiver, s.softirq + o.softirq, s.machine.Plus(o.machine), s.onLink + o.onLink}
}

// total is all CPU time that the packets took: sending and the softirq in it, ksoftirqd, and receiving. The clocks of tasks count
// nanoseconds and nothing that other programs do; /proc/stat counts ticks of everything, and is kept beside to compare: on a machine at
// rest the two differ by little. See package cpu for the kernels on which they do not.
func (s stretch) total() time.Duration { return s.sent.CPU + s.softirq + s.receiver }

// perPacket is in nanoseconds.
func (s stretch) perPacket(d time.Duration) float64 {
	return float64(d.Nanoseconds()) / float64(s.sent.Packets)
}
