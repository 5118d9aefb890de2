package sim

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/encap"
)

// copied is one copy of a frame on its way to one destination.
type copied struct {
	mirror *mirror
	host   *host
	packet encap.Mirror // without time and identification
	stack  string       // TCP/IP stack it is to be sent from
}

// match appends the copies of a frame that passes the port.
func match(copies []copied, mirrors []*mirror, p *port, frame []byte, fromVM bool) []copied {
	for _, m := range mirrors {
		asked := m.toVM
		if fromVM {
			asked = m.fromVM
		}
		if !m.session.Enabled || m.id.dvs != p.id.dvs || !asked[p.id.key] {
			continue
		}
		m.seen++
		if rate := uint64(max(1, m.session.SamplingRate)); (m.seen-1)%rate != 0 {
			continue
		}
		copies = m.copy(copies, p, frame, fromVM)
	}
	return copies
}

// copy appends one copy for each destination. They share one sequence number,
// so that none of them sees gaps.
func (m *mirror) copy(copies []copied, p *port, frame []byte, fromVM bool) []copied {
	h := p.mirroring(fromVM)
	if h.emission.mutes(fromVM) {
		return copies
	}
	carried := frame
	if snap := h.emission.snap(&m.session); snap > 0 && snap < len(frame) {
		carried = frame[:snap]
	}
	sequence := m.sequence[h]
	m.sequence[h]++
	for _, destination := range m.destinations {
		copies = append(copies, copied{
			mirror: m, host: h, stack: m.session.Netstack,
			packet: encap.Mirror{
				Kind: h.emission.kind(&m.session), Source: h.source(destination), Destination: destination,
				Frame: carried, Truncated: len(carried) < len(frame), FromVM: fromVM,
				SessionID: h.emission.id(&m.session), COS: uint8(m.session.ErspanCOS), VLAN: p.group.vlan,
				Sequence: sequence, Index: uint32(p.number), HardwareID: uint8(h.number),
				Nanoseconds: m.session.ErspanGraNanosec != nil && *m.session.ErspanGraNanosec,
			},
		})
	}
	return copies
}

// source is the host's vmkernel address of the destination's family.
func (h *host) source(destination netip.Addr) netip.Addr {
	if destination.Is4() {
		return h.address
	}
	return h.address6
}

// emit sends the copy, or counts why it did not go. It returns the packets that left.
func (s *Simulator) emit(c copied, now time.Time) (left [][]byte) {
	f := s.fabric
	f.mu.Lock()
	broken, loss, path, stranger := c.host.broken, f.loss, c.host.path, f.stranger
	c.host.ipID++
	if c.host.ipID == 0 {
		c.host.ipID = 1 // the kernel would put its own in place of 0
	}
	c.packet.ID = c.host.ipID
	f.mu.Unlock()
	c.packet.At = now

	delta := Counters{Frames: 1}
	switch {
	case !c.packet.Destination.IsLoopback():
		delta.Refused = 1
	case c.stack == netstackMirror || !s.emitter.reaches(c.packet.Destination):
		delta.Unreachable = 1
	case broken:
		delta.Broken = 1
	case loss > 0 && s.dice.Float64() < loss:
		delta.Lost = 1
	default:
		left = s.send(c, path, &delta)
	}
	s.impersonate(c, stranger, now)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, counters := range []*Counters{&f.totals, &c.host.counters, &c.mirror.counters} {
		counters.add(delta)
	}
	return left
}

// send hands the packets of one copy to the emitter, as far as its path lets them pass, and returns them. A copy of which a packet
// vanishes is lost.
func (s *Simulator) send(c copied, path Path, delta *Counters) (left [][]byte) {
	packets, err := path.translate(c.packet).Packets(s.options.MTU)
	whole := true
	for _, p := range packets {
		if !path.passes(p, len(packets) > 1) {
			whole = false
			continue
		}
		if err == nil {
			err = s.emitter.send(p, c.packet.Destination)
		}
		if err != nil {
			break
		}
		left = append(left, p)
		delta.Packets++
		delta.Bytes += uint64(len(p))
	}
	if err == nil && path.Duplicated {
		err = s.repeat(left, c, delta)
	}
	switch {
	case err != nil:
		delta.Failed = 1
		s.log.Debug("a mirror packet was not sent", "host", c.host.name, "session", c.mirror.id.key, "error", err)
	case !whole:
		delta.Lost = 1
	default:
		delta.emitted(c.packet.FromVM)
	}
	return left
}

// repeat sends packets once more.
func (s *Simulator) repeat(packets [][]byte, c copied, delta *Counters) error {
	for _, p := range packets {
		if err := s.emitter.send(p, c.packet.Destination); err != nil {
			return err
		}
		delta.Packets++
		delta.Bytes += uint64(len(p))
	}
	return nil
}

// emitted counts a copy that left whole.
func (c *Counters) emitted(fromVM bool) {
	c.Emitted++
	if fromVM {
		c.FromVM++
	} else {
		c.ToVM++
	}
}

// add adds d to the counters.
func (c *Counters) add(d Counters) {
	c.Frames += d.Frames
	c.Emitted += d.Emitted
	c.Packets += d.Packets
	c.Bytes += d.Bytes
	c.Lost += d.Lost
	c.Broken += d.Broken
	c.Refused += d.Refused
	c.Unreachable += d.Unreachable
	c.Failed += d.Failed
	c.FromVM += d.FromVM
	c.ToVM += d.ToVM
}
