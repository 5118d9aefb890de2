package sim

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// drive makes the machines talk, one step each interval, until ctx is done.
func (s *Simulator) drive(ctx context.Context) error {
	tick := time.NewTicker(s.options.Interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			s.advance(now)
		}
	}
}

// advance is one step: frames cross the switch, port counters move, and hosts
// send copies of what is mirrored.
func (s *Simulator) advance(now time.Time) {
	s.step.Lock()
	defer s.step.Unlock()
	f := s.fabric
	f.mu.Lock()
	var copies []copied
	mirrors := f.sortedMirrors()
	for _, frame := range s.engine.Step(f.members()) {
		copies = f.cross(copies, mirrors, frame)
	}
	f.mu.Unlock()
	if s.options.Emit == EmitOff {
		return
	}
	for _, c := range copies {
		s.leave(c, now)
	}
}

// leave sends a copy, and what follows from that.
func (s *Simulator) leave(c copied, now time.Time) {
	for _, c := range s.inOrder(c) {
		for _, again := range s.fabric.carried(c.host, s.emit(c, now)) {
			s.emit(again, now)
		}
	}
}

// members are the adapters that move traffic now, in the order they appeared.
func (f *fabric) members() []traffic.Endpoint {
	var list []traffic.Endpoint
	for _, m := range f.machines {
		if !m.powered || m.quiet || m.host == nil || !m.host.connected {
			continue
		}
		for _, n := range m.nics {
			if e, ok := n.endpoint(m); ok {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b traffic.Endpoint) int { return a.ID - b.ID })
	return list
}

// cross takes one frame through the switch: it counts it on its ports and
// appends the copies that sessions ask for.
func (f *fabric) cross(copies []copied, mirrors []*mirror, frame traffic.Frame) []copied {
	kind := castOf(frame.Data)
	if n := f.endpoint[frame.From]; n != nil {
		n.port.count(kind, len(frame.Data), true)
		copies = match(copies, mirrors, n.port, frame.Data, true)
	}
	for _, id := range frame.To {
		if n := f.endpoint[id]; n != nil {
			n.port.count(kind, len(frame.Data), false)
			copies = match(copies, mirrors, n.port, frame.Data, false)
		}
	}
	return copies
}

// cast is how many receivers a frame is meant for.
type cast int

const (
	unicast cast = iota
	multicast
	broadcast
)

func castOf(frame []byte) cast {
	switch {
	case frame[0]&1 == 0:
		return unicast
	case bytes.Equal(frame[:6], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}):
		return broadcast
	}
	return multicast
}

// count adds a frame to the port's counters. In is from the machine to the
// switch, as in DistributedVirtualSwitchPortStatistics.
func (p *port) count(kind cast, size int, in bool) {
	s := &p.stats
	var packets, volume *int64
	switch {
	case kind == unicast && in:
		packets, volume = &s.PacketsInUnicast, &s.BytesInUnicast
	case kind == unicast:
		packets, volume = &s.PacketsOutUnicast, &s.BytesOutUnicast
	case kind == multicast && in:
		packets, volume = &s.PacketsInMulticast, &s.BytesInMulticast
	case kind == multicast:
		packets, volume = &s.PacketsOutMulticast, &s.BytesOutMulticast
	case in:
		packets, volume = &s.PacketsInBroadcast, &s.BytesInBroadcast
	default:
		packets, volume = &s.PacketsOutBroadcast, &s.BytesOutBroadcast
	}
	*packets++
	*volume += int64(size)
}
