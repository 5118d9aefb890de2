package savefile

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"math/bits"
	"time"
)

// The magic numbers of pcap.
const (
	magicMicro    = 0xA1B2C3D4
	magicNano     = 0xA1B23C4D
	magicModified = 0xA1B2CD34 // Alexey Kuznetsov's, of Linux 2.0 and 2.2
)

// Lengths in bytes.
const (
	pcapHeaderLen     = 24
	recordLen         = 16
	modifiedRecordLen = 24
)

// byteOrder reads numbers as the writer's machine wrote them.
type byteOrder struct{ big bool }

func (o byteOrder) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if o.big {
		v = bits.ReverseBytes16(v)
	}
	return v
}

func (o byteOrder) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if o.big {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (o byteOrder) uint64(b []byte) uint64 {
	v := binary.LittleEndian.Uint64(b)
	if o.big {
		v = bits.ReverseBytes64(v)
	}
	return v
}

// pcap is a file of
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                     Magic Number                              |
//	|        Major Version          |        Minor Version          |
//	|                         Reserved1                             |
//	|                         Reserved2                             |
//	|                          SnapLen                              |
//	| FCS |f|     Reserved3         |         LinkType              |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// and then for each packet
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                      Timestamp (seconds)                      |
//	|            Timestamp (microseconds or nanoseconds)            |
//	|                    Captured Packet Length                     |
//	|                    Original Packet Length                     |
//	|               8 bytes more in the modified format             |
//	/                          Packet Data                          /
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
type pcap struct {
	in *window
	byteOrder
	linkType LinkType
	unit     int64 // of the fraction of a second, ns
	head     int   // length of a record's header, bytes
	lengths  lengthOrder
}

// lengthOrder says which of a record's two lengths comes first: the original
// one did before version 2.3, and in some files of it.
type lengthOrder uint8

const (
	capturedFirst lengthOrder = iota
	lesserIsCaptured
	originalFirst
)

func openPcap(w *window) (records, error) {
	b, err := w.peek(pcapHeaderLen)
	if err != nil && !isPcap(b) {
		return nil, unknownMagic(b)
	}
	if err != nil {
		return nil, fmt.Errorf("pcap header: the input ends inside it: %w", err)
	}
	f := &pcap{in: w, unit: 1000, head: recordLen}
	f.big = !isMagic(binary.LittleEndian.Uint32(b))
	switch f.uint32(b) {
	case magicMicro:
	case magicNano:
		f.unit = 1
	case magicModified:
		f.head = modifiedRecordLen
	default:
		return nil, unknownMagic(b)
	}
	major, minor := f.uint16(b[4:]), f.uint16(b[6:])
	if major != 2 || minor > 4 {
		return nil, fmt.Errorf("pcap header: version %d.%d is not read, 2.0 to 2.4 are", major, minor)
	}
	switch {
	case minor < 3:
		f.lengths = originalFirst
	case minor == 3:
		f.lengths = lesserIsCaptured
	}
	f.linkType = LinkType(f.uint32(b[20:])) // what stands above it is about the frame check sequence
	w.take(pcapHeaderLen)
	return f, nil
}

// isPcap reports whether b begins with a magic number in either order.
func isPcap(b []byte) bool {
	return isMagic(binary.LittleEndian.Uint32(b)) || isMagic(binary.BigEndian.Uint32(b))
}

func isMagic(magic uint32) bool {
	return magic == magicMicro || magic == magicNano || magic == magicModified
}

func unknownMagic(b []byte) error {
	return fmt.Errorf("neither pcap nor pcapng: unknown magic number %x", b[:magicLen])
}

func (f *pcap) link() (LinkType, bool) { return f.linkType, true }

func (f *pcap) next(p *Packet, number uint64) (err error) {
	// For nearly all packets rest has all of it, and is compiled into this.
	b := f.in.rest()
	if len(b) < f.head {
		if b, err = f.in.peek(f.head); err == io.EOF {
			return io.EOF
		} else if err != nil {
			return cutPacket(number, "its header", err)
		}
	}
	captured, original := f.uint32(b[8:]), f.uint32(b[12:])
	if f.lengths == originalFirst || f.lengths == lesserIsCaptured && captured > original {
		captured, original = original, captured
	}
	if captured > maxPacket && captured > f.linkType.maxData() {
		return fmt.Errorf("packet %d: %d captured bytes of one packet, more than the %d there can be", number, captured, f.linkType.maxData())
	}
	whole := f.head + int(captured)
	if len(b) < whole {
		if b, err = f.in.peek(whole); err != nil {
			return cutPacket(number, "its data", err)
		}
	}
	f.in.take(whole)
	// One by one, for a literal would be put together elsewhere and copied.
	p.Data, p.Length, p.Link, p.Interface = b[f.head:whole:whole], length(original), f.linkType, 0
	p.Time = time.Unix(int64(f.uint32(b)), int64(f.uint32(b[4:]))*f.unit).UTC()
	return nil
}

// length is a length on the wire as an int of any machine.
func length(n uint32) int { return int(min(n, math.MaxInt32)) }

// cutPacket says that the input ended, or could not be read, within a packet.
func cutPacket(number uint64, where string, err error) error {
	return fmt.Errorf("packet %d: %w", number, within(where, err))
}

// within says that the input ended inside of something, or could not be read.
func within(what string, err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the input ends inside %s: %w", what, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("read %s: %w", what, err)
}
