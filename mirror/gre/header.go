// Package gre reads and writes the header of Generic Routing Encapsulation
// version 0 (RFC 2784) with the key and sequence extensions (RFC 2890).
//
// Nothing here allocates, keeps state or does IO; all of it may be used
// concurrently.
package gre

import "encoding/binary"

// The protocol types that matter to a receiver of mirrors. Type I and Type II of
// ERSPAN share one number and differ in the S bit only.
const (
	ProtocolIPv4     uint16 = 0x0800
	ProtocolBridging uint16 = 0x6558 // transparent Ethernet bridging
	ProtocolIPv6     uint16 = 0x86DD
	ProtocolERSPAN2  uint16 = 0x88BE // ERSPAN Type II, and Type I without a sequence
	ProtocolERSPAN3  uint16 = 0x22EB
)

// MinLen and MaxLen bound the length of a header in bytes.
const (
	MinLen = 4
	MaxLen = 16
)

const (
	flagChecksum = 0x8000
	flagRouting  = 0x4000
	flagKey      = 0x2000
	flagSequence = 0x1000
	reservedBits = 0x0C00 // bits 4 and 5; 6 to 12 must be ignored
	versionBits  = 0x0007
)

// Header is a GRE header.
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|C|R|K|S| Reserved0       | Ver |         Protocol Type         |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      Checksum (if C)          |       Reserved1 (if C)        |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                         Key (if K)                            |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                  Sequence Number (if S)                       |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// A field whose Has flag is false is zero. A sequence of 0 that was sent is told
// from no sequence by HasSequence alone.
type Header struct {
	// Protocol is the type of the payload, an EtherType.
	Protocol    uint16
	HasChecksum bool
	HasKey      bool
	HasSequence bool
	// Checksum is as sent; see Checksum the function. It is not verified by Parse:
	// a packet cut short by a capture would fail for no fault of its sender.
	Checksum uint16
	// Key is 32 bits whose meaning is the sender's: ESXi puts a direction there,
	// NSX a number of the user's, Arista metadata.
	Key uint32
	// Sequence counts packets and wraps at 32 bits (RFC 2890 section 2.2, compare
	// by RFC 1982).
	Sequence uint32
}

// Parse reads the header that b begins with. The payload aliases b. An error is a
// Refusal, and then the header is zero and the payload nil.
func Parse(b []byte) (Header, []byte, error) {
	if len(b) < MinLen {
		return Header{}, nil, Short
	}
	flags := binary.BigEndian.Uint16(b)
	switch {
	case flags&versionBits != 0:
		return Header{}, nil, Version
	case flags&flagRouting != 0:
		return Header{}, nil, Routing
	case flags&reservedBits != 0:
		return Header{}, nil, Reserved
	}
	h := Header{
		Protocol:    binary.BigEndian.Uint16(b[2:]),
		HasChecksum: flags&flagChecksum != 0,
		HasKey:      flags&flagKey != 0,
		HasSequence: flags&flagSequence != 0,
	}
	n := h.Len()
	if len(b) < n {
		return Header{}, nil, Short
	}
	if h.Protocol == 0 {
		return Header{}, nil, Keepalive
	}
	rest := b[MinLen:n]
	if h.HasChecksum {
		h.Checksum, rest = binary.BigEndian.Uint16(rest), rest[4:]
	}
	if h.HasKey {
		h.Key, rest = binary.BigEndian.Uint32(rest), rest[4:]
	}
	if h.HasSequence {
		h.Sequence = binary.BigEndian.Uint32(rest)
	}
	return h, b[n:], nil
}

// Len is the length of the header on the wire in bytes, MinLen to MaxLen.
func (h Header) Len() int {
	n := MinLen
	for _, has := range [...]bool{h.HasChecksum, h.HasKey, h.HasSequence} {
		if has {
			n += 4
		}
	}
	return n
}

// Append appends the header to b. A field whose Has flag is false is not written.
// The checksum is written as it stands in h, because it covers the payload too.
func (h Header) Append(b []byte) []byte {
	var flags uint16
	if h.HasChecksum {
		flags |= flagChecksum
	}
	if h.HasKey {
		flags |= flagKey
	}
	if h.HasSequence {
		flags |= flagSequence
	}
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint16(b, h.Protocol)
	if h.HasChecksum {
		b = binary.BigEndian.AppendUint16(b, h.Checksum)
		b = binary.BigEndian.AppendUint16(b, 0)
	}
	if h.HasKey {
		b = binary.BigEndian.AppendUint32(b, h.Key)
	}
	if h.HasSequence {
		b = binary.BigEndian.AppendUint32(b, h.Sequence)
	}
	return b
}
