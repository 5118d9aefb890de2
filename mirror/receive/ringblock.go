package receive

import (
	"encoding/binary"
	"errors"
	"time"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/prefetch"
)

// The layout of a TPACKET_V3 block (linux/if_packet.h): tpacket_block_desc with
// tpacket_hdr_v1 in it, and per packet tpacket3_hdr with sockaddr_ll behind it.
// All of it is in the byte order of the machine but sll_protocol.
const (
	blockStatus    = 8
	blockPackets   = 12
	blockFirst     = 16
	blockHeaderLen = 48

	frameNext      = 0
	frameSec       = 4
	frameNsec      = 8
	frameSnapLen   = 12
	frameWireLen   = 16
	frameNet       = 26
	frameHeaderLen = 48
	frameProtocol  = frameHeaderLen + 2
	frameInterface = frameHeaderLen + 4
	frameLen       = frameHeaderLen + 20
)

var errBlock = errors.New("receive: ring block contradicts itself")

// ringBlock is a block that the kernel has handed over, and how far it has been
// read. Nothing in it is trusted.
type ringBlock struct {
	bytes []byte
	at    uint64 // of the next packet
	left  uint32 // packets
	err   error
}

func newRingBlock(b []byte) ringBlock {
	if len(b) < blockHeaderLen {
		return ringBlock{err: errBlock}
	}
	return ringBlock{
		bytes: b,
		at:    uint64(binary.NativeEndian.Uint32(b[blockFirst:])),
		left:  binary.NativeEndian.Uint32(b[blockPackets:]),
	}
}

// next returns the next packet, or nil at the end and where the block contradicts
// itself; then err says so.
func (b *ringBlock) next() ringFrame {
	if b.left == 0 {
		return nil
	}
	if b.at+frameLen > uint64(len(b.bytes)) {
		return b.fail()
	}
	header := b.bytes[b.at:]
	from := uint64(binary.NativeEndian.Uint16(header[frameNet:]))
	to := from + uint64(binary.NativeEndian.Uint32(header[frameSnapLen:]))
	if from < frameLen || to > uint64(len(header)) {
		return b.fail()
	}
	b.left--
	next := uint64(binary.NativeEndian.Uint32(header[frameNext:]))
	if next < frameLen && b.left > 0 {
		return b.fail() // or it would never end
	}
	b.at += next
	if ahead := b.at + next; ahead+prefetched <= uint64(len(b.bytes)) {
		prefetch.Lines(unsafe.Pointer(&b.bytes[ahead])) // about where the packet after the next one begins
	}
	return header[:to:to]
}

// prefetched is how many bytes prefetch reaches.
const prefetched = 256

func (b *ringBlock) fail() ringFrame {
	b.err, b.left = errBlock, 0
	return nil
}

// ringFrame is a packet in a block: its tpacket3_hdr, and its data to the end.
type ringFrame []byte

// at is when the kernel saw it, in nanoseconds since 1970.
func (f ringFrame) at() int64 {
	return int64(binary.NativeEndian.Uint32(f[frameSec:]))*int64(time.Second) + int64(binary.NativeEndian.Uint32(f[frameNsec:]))
}

// protocol is the EtherType as sockaddr_ll says it.
func (f ringFrame) protocol() uint16 { return binary.BigEndian.Uint16(f[frameProtocol:]) }

// interfaceIndex is that of the interface it came in on.
func (f ringFrame) interfaceIndex() int {
	return int(int32(binary.NativeEndian.Uint32(f[frameInterface:])))
}

// data begins at the network header and ends where the snap length cut it.
func (f ringFrame) data() []byte { return f[binary.NativeEndian.Uint16(f[frameNet:]):] }

// cut is how many bytes of the data the snap length took away.
func (f ringFrame) cut() int {
	return max(0, int(binary.NativeEndian.Uint32(f[frameWireLen:]))-int(binary.NativeEndian.Uint32(f[frameSnapLen:])))
}

// ip returns the outer IP packet. Cards take one VLAN tag off; of two, one is
// still there, and since Linux 6.10 the protocol named is the one behind it.
// The filter has passed nothing that looks like neither.
func (f ringFrame) ip() (packet []byte, ok bool) {
	packet, ok = untag(f.protocol(), f.data())
	if ok && !isTag(f.protocol()) && !mayBeGRE(f.protocol(), packet) {
		return untag(frame.EtherTypeVLAN, f.data())
	}
	return packet, ok
}

// mayBeGRE reports whether b is what the ring's filter lets pass as an IP packet
// without a tag.
func mayBeGRE(etherType uint16, b []byte) bool {
	switch {
	case etherType == frame.EtherTypeIPv4 && len(b) > 9:
		return b[0]>>4 == 4 && b[9] == frame.ProtocolGRE
	case etherType == frame.EtherTypeIPv6 && len(b) > 6:
		return b[0]>>4 == 6 && (b[6] == frame.ProtocolGRE || isExtension(b[6]))
	}
	return false
}
