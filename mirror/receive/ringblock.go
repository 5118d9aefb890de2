package receive

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
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
	frameNet       = 26
	frameHeaderLen = 48
	frameProtocol  = frameHeaderLen + 2
	frameInterface = frameHeaderLen + 4
	frameLen       = frameHeaderLen + 20
)

var errBlock = errors.New("receive: ring block contradicts itself")

// ringFrame is one packet of a block. Its data begins at the network header.
type ringFrame struct {
	at             time.Time
	protocol       uint16 // EtherType as sockaddr_ll says it
	interfaceIndex int
	data           []byte
}

// walkBlock calls each for every packet of a block the kernel has handed over.
func walkBlock(block []byte, each func(ringFrame)) error {
	if len(block) < blockHeaderLen {
		return errBlock
	}
	word := binary.NativeEndian.Uint32
	at := uint64(word(block[blockFirst:]))
	for left := word(block[blockPackets:]); left > 0; left-- {
		if at+frameLen > uint64(len(block)) {
			return errBlock
		}
		header := block[at:]
		from := uint64(binary.NativeEndian.Uint16(header[frameNet:]))
		to := from + uint64(word(header[frameSnapLen:]))
		if from < frameLen || to > uint64(len(header)) {
			return errBlock
		}
		each(ringFrame{
			at:             time.Unix(int64(word(header[frameSec:])), int64(word(header[frameNsec:]))),
			protocol:       binary.BigEndian.Uint16(header[frameProtocol:]),
			interfaceIndex: int(int32(word(header[frameInterface:]))),
			data:           header[from:to:to],
		})
		next := uint64(word(header[frameNext:]))
		if next < frameLen && left > 1 {
			return errBlock // or it would never end
		}
		at += next
	}
	return nil
}

// ip returns the outer IP packet. Cards take one VLAN tag off; of two, one is
// still there, and since Linux 6.10 the protocol named is the one behind it.
// The filter has passed nothing that looks like neither.
func (f ringFrame) ip() (packet []byte, ok bool) {
	packet, ok = untag(f.protocol, f.data)
	if ok && !isTag(f.protocol) && !mayBeGRE(f.protocol, packet) {
		return untag(frame.EtherTypeVLAN, f.data)
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
