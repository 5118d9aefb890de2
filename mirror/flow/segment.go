package flow

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/frame"
)

// The flags of RFC 9293 section 3.1.
const (
	FIN uint8 = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// segment is what a packet is and which end sent it, and of one whose TCP header was read that, and how much it carries.
type segment struct {
	seq, ack uint32
	length   uint32 // bytes of data, as the IP header says: cut off or not
	ts       uint32 // a timestamp value of RFC 7323
	window   uint16
	id       uint16 // IP identification; 0: none
	flags    uint8
	timed    bool // ts was found where senders put it
	kind     kind
	side     uint8 // of the key, that sent it
}

// kind is what a packet is.
type kind uint8

const (
	noFrame kind = iota
	notIP
	someIP
	blindTCP // its header cannot be read
	readTCP
	unsureTCP // it was read, but the length is a guess: the sender left it to its card
)

const tcpLen = 20

// read reads the TCP header of f, whose bytes are b, into s, where nothing is but its side. It is not ok when it is cut or makes no sense.
func (s *segment) read(f *frame.Frame, b []byte) (ok bool) {
	h := f.Payload
	if len(h) < tcpLen || f.IP.MoreFragments || f.IP.FragmentOffset != 0 {
		return false
	}
	offset := int(h[12]>>4) * 4
	length := f.IP.TotalLen - f.IP.HeaderLen - offset
	if offset < tcpLen || length < 0 {
		return false
	}
	s.seq, s.ack, s.length = binary.BigEndian.Uint32(h[4:]), binary.BigEndian.Uint32(h[8:]), uint32(length)
	s.window, s.flags, s.kind = binary.BigEndian.Uint16(h[14:]), h[13], readTCP
	if lengthless(f, b) {
		s.kind = unsureTCP
	}
	s.stamp(h, offset)
	if f.IP.Version == 4 {
		s.id = uint16(f.IP.ID)
	}
	return true
}

// stamp reads the timestamp of a header of so many bytes, where senders put it.
func (s *segment) stamp(h []byte, offset int) {
	const nopNopTimestamp = 0x0101_080A
	if offset >= 32 && len(h) >= 28 && binary.BigEndian.Uint32(h[20:]) == nopNopTimestamp {
		s.ts, s.timed = binary.BigEndian.Uint32(h[24:]), true
	}
}

// lengthless reports whether the IP header says no length, as of a packet that is yet to be segmented.
func lengthless(f *frame.Frame, b []byte) bool {
	at := networkAt(f) + 2
	if f.IP.Version == 6 {
		at += 2
	}
	return len(b) >= at+2 && b[at] == 0 && b[at+1] == 0
}

// end is the sequence number behind the segment.
func (s *segment) end() uint32 {
	end := s.seq + s.length
	if s.flags&SYN != 0 {
		end++
	}
	if s.flags&FIN != 0 {
		end++
	}
	return end
}

// synOptions are the options that only a SYN has. A scale of noScale and an mss of 0 were not offered.
func synOptions(h []byte) (mss uint16, scale uint8) {
	scale = noScale
	end := min(int(h[12]>>4)*4, len(h))
	if end <= tcpLen {
		return mss, scale
	}
	for o := h[tcpLen:end]; len(o) > 0; {
		switch {
		case o[0] == 0:
			return mss, scale
		case o[0] == 1:
			o = o[1:]
			continue
		case len(o) < 2 || o[1] < 2 || int(o[1]) > len(o):
			return mss, scale
		case o[0] == 2 && o[1] == 4:
			mss = binary.BigEndian.Uint16(o[2:])
		case o[0] == 3 && o[1] == 3:
			scale = min(o[2], 14) // RFC 7323 section 2.3
		}
		o = o[o[1]:]
	}
	return mss, scale
}

// TCP is a TCP segment as those need it who put streams together.
type TCP struct {
	Seq, Ack uint32
	Flags    uint8
	Data     []byte // what was mirrored of it; aliases the frame
	Length   int    // of the data as it was sent, in bytes
}

// ReadTCP reads the segment that f carries, whose bytes are b. It is not ok when there is none, or its header was cut.
func ReadTCP(f *frame.Frame, b []byte) (TCP, bool) {
	if f.Protocol != frame.ProtocolTCP || !f.HasPorts {
		return TCP{}, false
	}
	var s segment
	if !s.read(f, b) {
		return TCP{}, false
	}
	data := f.Payload[min(int(f.Payload[12]>>4)*4, len(f.Payload)):]
	return TCP{Seq: s.seq, Ack: s.ack, Flags: s.flags, Data: data, Length: int(s.length)}, true
}
