package traffic

import (
	"encoding/binary"
	"net/netip"
)

// talk is a conversation of a VM with a client: TCP, or UDP for one in four.
type talk struct {
	client netip.Addr
	port   uint16 // the client's
	udp    bool
	ids    [2]uint16 // IP identification of each side
	next   [2]uint32 // TCP sequence of each side
}

func newTalk(r random) talk {
	return talk{
		client: netip.AddrFrom4([4]byte{172, 16 | byte(r.below(16)), byte(r.below(256)), byte(1 + r.below(254))}),
		port:   uint16(32768 + r.below(28000)),
		udp:    r.below(4) == 0,
		next:   [2]uint32{uint32(r.below(1 << 32)), uint32(r.below(1 << 32))},
	}
}

const (
	ethernetLen = 14
	ipLen       = 20
	tcpLen      = 32 // with timestamps
	udpLen      = 8
	// minFrame is the shortest frame: an acknowledgment.
	minFrame = ethernetLen + ipLen + tcpLen

	protocolTCP = 6
	protocolUDP = 17
	protocolGRE = 47

	portTLS = 443
	portUDP = 9555 // of no well-known protocol
)

// frameLen draws the length of a frame: acknowledgments, messages and full segments in shares that make 334 bytes the mean.
func frameLen(r random) int {
	switch n := r.below(100); {
	case n < 54:
		return minFrame
	case n < 87:
		return 90 + r.below(437)
	}
	return 1514
}

// appendFrame appends the frame that the VM or its client sends next, n bytes long.
func (t *talk) appendFrame(b []byte, m *Mirror, fromVM bool, n int) []byte {
	from, to := m.VM, m.Gateway
	ip := ipHeader{src: m.Address, dst: t.client, protocol: protocolTCP}
	side := 0
	if !fromVM {
		from, to, ip.src, ip.dst, side = to, from, ip.dst, ip.src, 1
	}
	if t.udp {
		ip.protocol = protocolUDP
	}
	ip.id = t.ids[side]
	t.ids[side]++
	b = append(append(append(b, to[:]...), from[:]...), 0x08, 0x00)
	start := len(b)
	b = append(b, make([]byte, ipLen)...)
	if t.udp {
		b = t.appendUDP(b, side, n-ethernetLen-ipLen)
	} else {
		b = t.appendTCP(b, side, n-ethernetLen-ipLen)
	}
	putIP(b[start:], ip)
	return b
}

// ports appends the ports for a packet of that side: 0 is the VM's, the server.
func (t *talk) ports(b []byte, side int, server uint16) []byte {
	src, dst := server, t.port
	if side == 1 {
		src, dst = dst, src
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, src), dst)
}

// appendUDP appends a datagram of n bytes, without a checksum.
func (t *talk) appendUDP(b []byte, side, n int) []byte {
	b = t.ports(b, side, portUDP)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return append(append(b, 0, 0), filler[:n-udpLen]...)
}

// appendTCP appends a segment of n bytes: a record of TLS, or an acknowledgment. The checksum is left to the card, as a mirror
// finds it.
func (t *talk) appendTCP(b []byte, side, n int) []byte {
	payload := n - tcpLen
	b = t.ports(b, side, portTLS)
	b = binary.BigEndian.AppendUint32(b, t.next[side])
	b = binary.BigEndian.AppendUint32(b, t.next[1-side])
	t.next[side] += uint32(payload)
	b = append(b, tcpLen/4<<4, 0x10, 0x10, 0, 0, 0, 0, 0) // ACK
	b = append(b, 1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1)    // timestamps
	if payload < 5 {
		return append(b, filler[:payload]...)
	}
	b = append(b, 0x17, 3, 3) // application data
	b = binary.BigEndian.AppendUint16(b, uint16(payload-5))
	return append(b, filler[:payload-5]...)
}

// filler is what all payloads are made of: bytes without a pattern.
var filler = func() (b [1514]byte) {
	r := newRandom(0)
	for i := range b {
		b[i] = byte(r.below(256))
	}
	return b
}()

// ipHeader is what differs between IPv4 headers here.
type ipHeader struct {
	src, dst netip.Addr
	protocol uint8
	id       uint16
}

// putIP writes the header of the IPv4 packet b, which has room for it, with its checksum.
func putIP(b []byte, h ipHeader) {
	b[0], b[8], b[9] = 0x45, 64, h.protocol
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[4:], h.id)
	src, dst := h.src.As4(), h.dst.As4()
	copy(b[12:], src[:])
	copy(b[16:], dst[:])
	var sum uint32
	for i := 0; i < ipLen; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum>>16 + sum&0xFFFF
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum>>16+sum))
}
