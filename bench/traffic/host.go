package traffic

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// hosts are the exporters and the VMs on them, while packets are made.
type hosts struct {
	traffic *Traffic
	random  random
	talks   [][]talk // of each mirror
	// What each host counts: the packets of a session, and all of its packets.
	sequences       map[flow]uint32
	identifications map[netip.Addr]uint16
	frame           []byte
	out             []byte
}

// flow is what one host sends of one session.
type flow struct {
	exporter netip.Addr
	session  uint16
}

func newHosts(t *Traffic) *hosts {
	h := &hosts{
		traffic: t, random: newRandom(t.spec.Seed),
		sequences: map[flow]uint32{}, identifications: map[netip.Addr]uint16{},
	}
	for range t.mirrors {
		talks := make([]talk, t.spec.Talks)
		for i := range talks {
			talks[i] = newTalk(h.random)
			talks[i].udp = talks[i].udp && !t.spec.OnlyTCP
		}
		h.talks = append(h.talks, talks)
	}
	return h
}

// sequence is the next of the mirror's flow.
func (h *hosts) sequence(m *Mirror) uint32 {
	key := flow{m.Exporter, m.Session}
	n := h.sequences[key]
	h.sequences[key] = n + 1
	return n
}

// packet is the next outer IP packet, of any mirror.
func (h *hosts) packet(at time.Time) []byte {
	i := h.random.below(len(h.traffic.mirrors))
	m := &h.traffic.mirrors[i]
	fromVM := h.random.below(2) == 0
	h.frame = h.talks[i][h.random.below(h.traffic.spec.Talks)].appendFrame(h.frame[:0], m, fromVM, frameLen(h.random))

	h.out = append(h.out[:0], make([]byte, ipLen)...)
	switch h.traffic.spec.Encapsulation {
	case ERSPAN2:
		h.out = appendERSPAN2(h.out, m.Session, uint32(i), h.sequence(m))
	case ERSPAN3:
		h.out = appendERSPAN3(h.out, m.Session, at, fromVM, h.sequence(m))
	case GRE:
		h.out = appendBridging(h.out, fromVM)
	}
	h.out = append(h.out, h.frame...)
	putIP(h.out, ipHeader{m.Exporter, h.traffic.spec.Collector, protocolGRE, h.identifications[m.Exporter]})
	h.identifications[m.Exporter]++
	return h.out
}

// appendERSPAN2 appends GRE and a Type II header, untagged, with the port for an index.
func appendERSPAN2(b []byte, session uint16, port, sequence uint32) []byte {
	b = append(b, 0x10, 0, 0x88, 0xBE)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = binary.BigEndian.AppendUint32(b, 1<<28|uint32(session))
	return binary.BigEndian.AppendUint32(b, port)
}

// appendERSPAN3 appends GRE and a Type III header: P, D as seen from the port, and a clock of 100 µs, as ESXi has.
func appendERSPAN3(b []byte, session uint16, at time.Time, fromVM bool, sequence uint32) []byte {
	b = append(b, 0x10, 0, 0x22, 0xEB)
	b = binary.BigEndian.AppendUint32(b, sequence)
	b = binary.BigEndian.AppendUint32(b, 2<<28|uint32(session))
	b = binary.BigEndian.AppendUint32(b, uint32(at.UnixMicro()/100))
	flags := uint32(1 << 15)
	if !fromVM {
		flags |= 1 << 3
	}
	return binary.BigEndian.AppendUint32(b, flags)
}

// appendBridging appends GRE with the key that ESXi gives to frames a VM sent, or to those it receives.
func appendBridging(b []byte, fromVM bool) []byte {
	b = append(b, 0x20, 0, 0x65, 0x58)
	if fromVM {
		return append(b, 0x02, 0, 0, 0)
	}
	return append(b, 0, 0, 0, 0)
}
