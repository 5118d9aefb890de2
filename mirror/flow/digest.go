package flow

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Digest is what a Tracker needs of a packet: it is small, holds no pointers and outlives the packet, so that the packet path can hand it
// on. The zero value is that of what is no frame.
type Digest struct {
	// Time is when the packet arrived, ns since 1970.
	Time int64
	// Gap is how many mirror packets of its host were lost just before it. Numbered says that the mirror's packets bear usable sequence
	// numbers: see Packet.
	Gap      uint32
	Numbered bool
	// Point is where it was seen, as the Tracker that is given it numbers its places: see Tracker.Point.
	Point Point

	kind      digestKind
	side      uint8 // of the key, that sent it
	scale     uint8 // of a SYN
	mss       uint16
	etherType uint16 // of what is no IP
	length    uint32 // of the frame on the wire
	seg       segment
	key       key
}

// digestKind is what a packet is.
type digestKind uint8

const (
	noFrame digestKind = iota
	notIP
	someIP
	blindTCP // its header cannot be read
	readTCP
)

// Read makes d what it says of a frame whose first bytes are b and that had wire bytes. vlan is the one that the mirror's own header names,
// 0: none; a tag in the frame wins. Bare frames are IP packets.
func (d *Digest) Read(b []byte, wire int, bare bool, vlan uint16) {
	if bare || !d.readPlain(b, wire, vlan) {
		d.readAny(b, wire, bare, vlan)
	}
}

// Where headers stand in an Ethernet frame with an IPv4 header of the usual length.
const (
	plainIP      = frame.EthernetLen
	plainPayload = plainIP + 20
)

// readPlain reads the frames that most are: TCP over IPv4 without tags, without IP options, not a fragment, and of a length that its
// header says. Of all others it says no.
func (d *Digest) readPlain(b []byte, wire int, vlan uint16) bool {
	if len(b) < plainPayload+tcpLen {
		return false
	}
	total := int(binary.BigEndian.Uint16(b[plainIP+2:]))
	h := b[plainPayload:]
	offset := int(h[12]>>4) * 4
	data := total - 20 - offset
	if b[12] != 8 || b[13] != 0 || b[plainIP] != 0x45 || b[plainIP+9] != frame.ProtocolTCP || binary.BigEndian.Uint16(b[plainIP+6:])&0x3FFF != 0 ||
		offset < tcpLen || data < 0 {
		return false
	}
	d.kind, d.length = readTCP, uint32(max(wire, frame.EthernetLen+total))
	d.seg = segment{
		seq: binary.BigEndian.Uint32(h[4:]), ack: binary.BigEndian.Uint32(h[8:]), length: uint32(data),
		window: binary.BigEndian.Uint16(h[14:]), flags: h[13], id: binary.BigEndian.Uint16(b[plainIP+4:]),
	}
	d.seg.stamp(h, offset)
	if d.seg.flags&SYN != 0 {
		d.mss, d.scale = synOptions(h)
	}
	both := binary.BigEndian.Uint64(b[plainIP+12:])
	ports := binary.BigEndian.Uint32(h)
	src, dst := address{lo: 0xFFFF<<32 | both>>32}, address{lo: 0xFFFF<<32 | both&0xFFFF_FFFF}
	rest := uint64(vlan&0xFFF)<<8 | uint64(frame.ProtocolTCP)
	if dst.lo < src.lo || src.lo == dst.lo && uint16(ports) < uint16(ports>>16) {
		d.side = 1
		d.key = key{ends: [2]address{dst, src}, rest: rest | uint64(ports<<16|ports>>16)<<32}
		return true
	}
	d.side = 0
	d.key = key{ends: [2]address{src, dst}, rest: rest | uint64(ports)<<32}
	return true
}

// readAny reads every frame.
func (d *Digest) readAny(b []byte, wire int, bare bool, vlan uint16) {
	var f frame.Frame
	var err error
	if bare {
		f, err = frame.ParseBare(b)
	} else {
		f, err = frame.Parse(b)
	}
	if err != nil {
		d.kind = noFrame
		return
	}
	d.of(&f, b, max(wire, f.Length), vlan)
}

// of makes d what it says of a frame that was parsed.
func (d *Digest) of(f *frame.Frame, b []byte, length int, vlan uint16) {
	d.length = uint32(length)
	if !f.HasIP {
		d.kind, d.etherType = notIP, f.EtherType
		return
	}
	d.kind = someIP
	d.side = uint8(d.key.of(f, b, vlan))
	if f.Protocol != frame.ProtocolTCP {
		return
	}
	d.kind, d.seg = blindTCP, segment{}
	if !d.seg.read(f, b) {
		return
	}
	d.kind = readTCP
	if d.seg.flags&SYN != 0 {
		d.mss, d.scale = synOptions(f.Payload)
	}
}
