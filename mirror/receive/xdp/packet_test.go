package xdp

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// link is an outer Ethernet header with VLAN tags of the given types.
func link(etherType uint16, packet []byte, tags ...uint16) []byte {
	b := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	for _, tag := range tags {
		b = binary.BigEndian.AppendUint16(b, tag)
		b = append(b, 0, 7)
	}
	return append(binary.BigEndian.AppendUint16(b, etherType), packet...)
}

// carry puts GRE into IP of the version of the addresses, and that on Ethernet.
func carry(src, dst netip.Addr, payload []byte, tags ...uint16) []byte {
	return carryAs(frame.IP{Src: src, Dst: dst, Protocol: frame.ProtocolGRE}, payload, tags...)
}

// carryAs completes an outer header.
func carryAs(ip frame.IP, payload []byte, tags ...uint16) []byte {
	etherType := frame.EtherTypeIPv4
	ip.Version, ip.TTL, ip.HeaderLen = 4, 64, 20
	if ip.Src.Is6() {
		etherType, ip.Version, ip.HeaderLen = frame.EtherTypeIPv6, 6, 40
	}
	ip.TotalLen = ip.HeaderLen + len(payload)
	return link(etherType, append(ip.AppendHeader(nil), payload...), tags...)
}

// mirrored is a frame with an IPv4 packet of n bytes, of TCP.
func mirrored(src, dst frame.MAC, n int) []byte {
	e := frame.Ethernet{Src: src, Dst: dst, EtherType: frame.EtherTypeIPv4}
	ip := frame.IP{Version: 4, Src: v4a, Dst: v4b, Protocol: frame.ProtocolTCP, TTL: 9, HeaderLen: 20, TotalLen: n}
	return append(ip.AppendHeader(e.AppendHeader(nil)), make([]byte, n-20)...)
}

// numbered2 is a Type II packet of a session.
func numbered2(id uint16, number uint32, f []byte) []byte {
	p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{Sequence: number}, Header: erspan.Header{SessionID: id}, Frame: f}
	return p.Append(nil)
}

// maker makes packets by chance, most of them sound, in few enough
// conversations for each to have several.
type maker struct{ *rand.Rand }

func (r maker) odds(n int) bool { return r.IntN(n) == 0 }

func pick[E any](r maker, from ...E) E { return from[r.IntN(len(from))] }

// packet is a packet from outside.
func (r maker) packet() []byte {
	ip := frame.IP{Src: v4a, Dst: v4b, Protocol: frame.ProtocolGRE}
	if r.odds(3) {
		ip.Src, ip.Dst = v6a, v6b
	}
	if r.odds(3) {
		ip.Src = ip.Src.Next()
	}
	payload := r.mirror()
	switch {
	case r.odds(20):
		ip.MoreFragments = true
		payload = payload[:len(payload)&^7]
	case r.odds(30):
		ip.FragmentOffset = 8 * (1 + r.IntN(100))
	}
	if ip.Src.Is6() && r.odds(10) {
		ip.Protocol, payload = r.extensions(payload)
	}
	var tags []uint16
	if r.odds(4) {
		tags = []uint16{0x8100, 0x88A8, 0x9100, 0x8100}[r.IntN(4) : 4-r.IntN(2)]
	}
	b := carryAs(ip, payload, tags...)
	if r.odds(8) {
		b = append(b, make([]byte, r.IntN(30))...) // padding
	}
	return r.spoil(b)
}

// extensions puts IPv6 extension headers before GRE.
func (r maker) extensions(payload []byte) (next uint8, b []byte) {
	next, b = frame.ProtocolGRE, payload
	for range 1 + r.IntN(3) {
		kind := pick[uint8](r, 0, 43, 51, 60, 44)
		header := []byte{next, 0, 0, 0, 0, 0, 0, 0}
		switch {
		case kind == 44 && r.odds(2):
			header[3] = 1 // a first fragment
		case kind == 51 && r.odds(2):
			header, header[1] = append(header, 0, 0, 0, 0), 1
		case kind != 44 && kind != 51 && r.odds(2):
			header, header[1] = append(header, make([]byte, 8)...), 1
		}
		next, b = kind, append(header, b...)
	}
	return next, b
}

// mirror is GRE and what is in it.
func (r maker) mirror() []byte {
	g := gre.Header{HasChecksum: r.odds(5), HasKey: r.odds(2), HasSequence: !r.odds(4), Sequence: uint32(r.IntN(3000))}
	g.Key = pick[uint32](r, 0, 0x02000000, 1, r.Uint32())
	h := erspan.Header{
		SessionID: uint16(r.IntN(3)), VLAN: uint16(r.IntN(4096)), COS: 3, Truncated: r.odds(9), Encap: erspan.Encap(r.IntN(4)),
	}
	t := pick(r, erspan.Bridging, erspan.TypeI, erspan.TypeII, erspan.TypeII, erspan.TypeIII, erspan.TypeIII)
	if t == erspan.TypeIII {
		h.Timestamp, h.SGT, h.HardwareID = r.Uint32(), uint16(r.Uint32()), uint8(r.IntN(3))
		h.Direction, h.Granularity, h.HasPlatform = erspan.Direction(r.IntN(2)), erspan.Granularity(r.IntN(4)), r.odds(3)
		h.FrameType = pick(r, erspan.FrameEthernet, erspan.FrameEthernet, erspan.FrameEthernet, erspan.FrameEthernet, erspan.FrameIP, erspan.FrameKind(r.IntN(32)))
	}
	f := r.frame()
	if h.FrameType == erspan.FrameIP {
		f = f[14:]
	}
	return erspan.Packet{Type: t, GRE: g, Header: h, Frame: f}.Append(nil)
}

// frame is a mirrored frame.
func (r maker) frame() []byte {
	e := frame.Ethernet{Src: pick(r, vmA, vmB), Dst: pick(r, vmB, vmA, frame.MAC{2, 0, 0, 0, 0, 9})}
	if r.odds(12) {
		e.Dst = frame.MAC{1, 0, 0x5E, 0, 0, 1}
	}
	if r.odds(4) {
		e.NumTags = 1 + r.IntN(2)
		e.Tags = [2]frame.Tag{{TPID: 0x88A8, ID: 5}, {TPID: pick[uint16](r, 0x8100, 0x9100), ID: 6}}
	}
	e.EtherType = pick[uint16](r, 0x0800, 0x0800, 0x0800, 0x86DD, 0x86DD, 0x0806, 0x8035, 0x88CC, 0x8847, 0x8100, 60, 1500, 1535, 1536)
	b := e.AppendHeader(nil)
	switch e.EtherType {
	case 0x0800:
		b = append(b, r.inner4()...)
	case 0x86DD:
		b = append(b, r.inner6()...)
	default:
		b = append(b, make([]byte, r.IntN(100))...)
	}
	if r.odds(5) {
		b = append(b, make([]byte, r.IntN(20))...) // padding, frame check sequence
	}
	if r.odds(5) {
		b = b[:14+r.IntN(len(b)-13)] // cut
	}
	return b
}

func (r maker) protocol() uint8 {
	return pick[uint8](r, 1, 6, 6, 17, 17, 33, 47, 50, 132, 136, 58, 59, 0, 43, 44, 51, 60)
}

func (r maker) inner4() []byte {
	header := 20 + 4*pick(r, 0, 0, 0, 1, 10)
	b := make([]byte, header+r.IntN(60))
	b[0], b[9] = 0x40|byte(header/4), r.protocol()
	binary.BigEndian.PutUint16(b[2:], pick(r, uint16(len(b)), uint16(len(b)), uint16(len(b)), 0, uint16(r.IntN(200))))
	if r.odds(5) {
		binary.BigEndian.PutUint16(b[6:], pick[uint16](r, 0x4000, 0x2000, 0x2001, 1, 0x1FFF))
	}
	return b
}

func (r maker) inner6() []byte {
	n := r.IntN(60)
	b := make([]byte, 40+n)
	b[0], b[6] = 0x60, r.protocol()
	binary.BigEndian.PutUint16(b[4:], pick(r, uint16(n), uint16(n), uint16(n), 0, uint16(r.IntN(200))))
	for i := 40; i < len(b); i++ {
		b[i] = pick[byte](r, 0, 0, 6, 17)
	}
	return b
}

// spoil changes or cuts some packets. The program gets no fewer than 14 bytes.
func (r maker) spoil(b []byte) []byte {
	if r.odds(4) {
		for range 1 + r.IntN(3) {
			b[r.IntN(min(len(b), 120))] = pick(r, 0, 1, 0xFF, byte(r.Uint32()))
		}
	}
	if r.odds(10) {
		b = b[:14+r.IntN(len(b)-13)]
	}
	return b
}
