package sim

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// Deliver takes an IP packet that comes from beyond the router to the guest of
// its destination, and returns what that answers: an echo reply, or that a port
// is closed. Both cross the port of its adapter, which counts and mirrors them
// as all else. A guest that is powered off, unreachable or unknown gets nothing.
func (s *Simulator) Deliver(packet []byte) [][]byte {
	to := destinationOf(packet)
	return s.deliver(func(e traffic.Endpoint, mute bool) ([]traffic.Frame, []byte, bool) {
		if !e.Takes(to) {
			return nil, nil, false
		}
		frames, answer := e.Receive(packet, mute)
		return frames, answer, true
	})
}

// DeliverFrame takes an Ethernet frame of another machine on the guests' segment
// to the guest it is addressed to, and returns what that answers: who has its
// address.
func (s *Simulator) DeliverFrame(frame []byte) [][]byte {
	return s.deliver(func(e traffic.Endpoint, mute bool) ([]traffic.Frame, []byte, bool) {
		if len(frame) < 14 || string(frame[:6]) != string(e.MAC) {
			return nil, nil, false
		}
		frames, answer := e.Neighbour(frame, mute)
		return frames, answer, true
	})
}

// deliver finds the guest that takes something, and has what follows from it
// cross the switch. A guest that is quiet begins nothing, and answers.
func (s *Simulator) deliver(take func(e traffic.Endpoint, mute bool) ([]traffic.Frame, []byte, bool)) [][]byte {
	s.step.Lock()
	defer s.step.Unlock()
	f := s.fabric
	f.mu.Lock()
	var copies []copied
	var answers [][]byte
	mirrors := f.sortedMirrors()
	for _, m := range f.sortedMachines() {
		if !m.powered || m.host == nil || !m.host.connected {
			continue
		}
		for _, n := range m.nics {
			e, ok := n.endpoint(m)
			if !ok {
				continue
			}
			frames, answer, taken := take(e, m.mute)
			if !taken {
				continue
			}
			for _, frame := range frames {
				copies = f.cross(copies, mirrors, frame)
			}
			if answer != nil {
				answers = append(answers, answer)
			}
		}
	}
	f.mu.Unlock()
	if s.options.Emit != EmitOff {
		for _, c := range copies {
			s.emit(c, time.Now())
		}
	}
	return answers
}

// destinationOf is where an IP packet is to go; invalid when it is none.
func destinationOf(packet []byte) netip.Addr {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[16:20]))
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(packet[24:40]))
	}
	return netip.Addr{}
}
