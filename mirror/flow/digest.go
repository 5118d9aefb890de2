package flow

import (
	"encoding/binary"
	"math/bits"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Digest is what a Tracker needs of a packet: it is small, holds no pointers and outlives the packet, so that the packet path can hand it
// on. The zero value is that of what is no frame. Of what flows, one cache line is used, and a word of it is left to whoever hands it on.
type Digest struct {
	// Time is when the packet arrived, ns since 1970.
	Time int64
	// Gap is how many mirror packets of its host were lost just before it.
	Gap    uint32
	length uint32 // of the frame on the wire
	name   name
	seg    segment

	scale     uint8 // of a SYN
	mss       uint16
	etherType uint16     // of what is no IP
	ends      [2]address // if the name is long
}

// Read makes d what it says of a frame whose first bytes are b and that had wire bytes. vlan is the one that the mirror's own header names,
// 0: none; a tag in the frame wins. Bare frames are IP packets.
func (d *Digest) Read(b []byte, wire int, bare bool, vlan uint16) {
	if bare || !d.ReadPlain(b, wire, vlan) {
		d.ReadAny(b, wire, bare, vlan)
	}
}

// Where headers stand in an Ethernet frame with an IPv4 header of the usual length, and what it says that it has one.
const (
	plainIP   = frame.EthernetLen
	plainLen  = plainIP + 20 + tcpLen
	plainType = uint32(frame.EtherTypeIPv4)<<8 | 4<<4 | 20/4
)

// ReadPlain is Read of what most frames are: TCP over IPv4 without tags, without IP options, not a fragment, and of a length that its
// header says. Of all others it says no, and they are for ReadAny.
func (d *Digest) ReadPlain(bytes []byte, wire int, vlan uint16) bool {
	if len(bytes) < plainLen {
		return false
	}
	b := (*[plainLen]byte)(bytes)
	const tcp, total, where = plainIP + 20, plainIP + 2, plainIP + 6
	offset, length := int(b[tcp+12]>>4)*4, int(binary.BigEndian.Uint16(b[total:]))
	data := length - 20 - offset
	if binary.BigEndian.Uint32(b[plainIP-2:])>>8 != plainType || b[plainIP+9] != frame.ProtocolTCP ||
		binary.BigEndian.Uint16(b[where:])&0x3FFF != 0 || offset < tcpLen || data < 0 {
		return false
	}
	d.length = uint32(max(wire, frame.EthernetLen+length))
	// Which end is which no processor can guess, so nothing is made to depend on it but numbers.
	ends, ports := binary.BigEndian.Uint64(b[plainIP+12:]), binary.BigEndian.Uint32(b[tcp:])
	src, dst := ends>>32<<16|uint64(ports>>16), ends&0xFFFF_FFFF<<16|uint64(ports&0xFFFF)
	side := uint8(0)
	if dst < src {
		side = 1
	}
	d.name.ends = bits.RotateLeft64(ends, int(side)<<5)
	d.name.rest = uint64(bits.RotateLeft32(ports, int(side)<<4))<<32 | uint64(vlan&0xFFF)<<8 | uint64(frame.ProtocolTCP)
	s := &d.seg // by its parts: it would be made elsewhere and copied
	s.seq, s.ack, s.length = binary.BigEndian.Uint32(b[tcp+4:]), binary.BigEndian.Uint32(b[tcp+8:]), uint32(data)
	s.window, s.id = binary.BigEndian.Uint16(b[tcp+14:]), binary.BigEndian.Uint16(b[plainIP+4:])
	s.flags, s.kind, s.side, s.ts, s.timed = b[tcp+13], readTCP, side, 0, false
	s.stamp(bytes[tcp:], offset)
	if s.flags&SYN != 0 {
		d.mss, d.scale = synOptions(bytes[tcp:])
	}
	return true
}

// ReadAny is Read of every frame.
func (d *Digest) ReadAny(b []byte, wire int, bare bool, vlan uint16) {
	var f frame.Frame
	var err error
	if bare {
		f, err = frame.ParseBare(b)
	} else {
		f, err = frame.Parse(b)
	}
	if err != nil {
		d.seg = segment{}
		return
	}
	d.of(&f, b, max(wire, f.Length), vlan)
}

// of makes d what it says of a frame that was parsed.
func (d *Digest) of(f *frame.Frame, b []byte, length int, vlan uint16) {
	d.length = uint32(length)
	if !f.HasIP {
		d.seg, d.etherType = segment{kind: notIP}, f.EtherType
		return
	}
	var k key
	d.seg = segment{kind: someIP, side: uint8(k.of(f, b, vlan))}
	if d.name = k.name(); d.name.isLong() {
		d.ends = k.ends
	}
	if f.Protocol != frame.ProtocolTCP {
		return
	}
	if !d.seg.read(f, b) {
		d.seg.kind = blindTCP
		return
	}
	if d.seg.flags&SYN != 0 {
		d.mss, d.scale = synOptions(f.Payload)
	}
}
