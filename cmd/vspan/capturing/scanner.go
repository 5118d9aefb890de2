// Package capturing is what 'vspan capture' and 'vspan extcap' do with the capture file that a daemon sends: hand it on in whole parts, count
// what is in it, print it, and make it complete where it was interrupted.
package capturing

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/vspan-io/vspan/mirror/capture/pcapng"
)

// Part is a block of a pcapng file, or a packet or the header of a pcap file. It is valid until the next call of Next.
type Part struct {
	Raw    []byte // all of it
	Packet bool   // it is one; then the rest is set
	// Interface is its number in a pcapng file, Time in nanoseconds since 1970, Length what it had before it was cut.
	Interface int
	Time      int64
	Length    int
	Data      []byte
	// Dropped is how many packets were not captured before this one.
	Dropped uint64

	options []byte
}

// Scanner splits a capture file of vspan's into its parts as they come. It belongs to one goroutine.
type Scanner struct {
	in      io.Reader
	buffer  []byte
	at, end int // what of the buffer was read and not handed out
	pcap    bool
	begun   bool
	part    Part

	// Link is the link type of a pcap file. Interfaces are those of a pcapng file, as far as it was read.
	Link       pcapng.LinkType
	Interfaces []Interface
	// Statistics says that the file has had its statistics: it is complete.
	Statistics bool
}

// Interface is one interface of a pcapng file.
type Interface struct {
	Link    pcapng.LinkType
	Name    string
	Packets uint64 // seen of it
	Dropped uint64 // that it told of
}

// NewScanner returns a scanner of in.
func NewScanner(in io.Reader) *Scanner { return &Scanner{in: in, buffer: make([]byte, 64<<10)} }

const (
	maxPart       = 1 << 20 // no part of ours has more bytes
	maxInterfaces = 1 << 16 // nor a file more interfaces

	blockSection    = 0x0A0D0D0A
	blockInterface  = 1
	blockStatistics = 5
	blockPacket     = 6
	ngOrder         = 0x1A2B3C4D
	pcapMagic       = 0xA1B23C4D

	pcapHeader, pcapRecord = 24, 16
)

var order = binary.LittleEndian

// Next returns the next part, for which it waits. The error is io.EOF where the input ends between two parts, io.ErrUnexpectedEOF where it
// ends within one, and that of the input.
func (s *Scanner) Next() (*Part, error) {
	if !s.begun {
		head, err := s.peek(4)
		if err != nil {
			return nil, err
		}
		s.begun, s.pcap = true, order.Uint32(head) == pcapMagic
		if s.pcap {
			return s.pcapHead()
		}
		if order.Uint32(head) != blockSection {
			return nil, errors.New("what came is no capture file")
		}
	}
	if s.pcap {
		return s.record()
	}
	return s.block()
}

// More reports whether another part is there without waiting for it.
func (s *Scanner) More() bool {
	have := s.buffer[s.at:s.end]
	if s.pcap {
		return len(have) >= pcapRecord && uint64(len(have)) >= pcapRecord+uint64(order.Uint32(have[8:]))
	}
	return len(have) >= 8 && uint64(len(have)) >= uint64(order.Uint32(have[4:]))
}

// peek returns the next n bytes, which are still to be taken.
func (s *Scanner) peek(n int) ([]byte, error) {
	if n > len(s.buffer)-s.at {
		grown := s.buffer
		if n > len(grown) {
			grown = make([]byte, max(n, 2*len(grown)))
		}
		s.end = copy(grown, s.buffer[s.at:s.end])
		s.at, s.buffer = 0, grown
	}
	for s.end-s.at < n {
		m, err := s.in.Read(s.buffer[s.end:])
		s.end += m
		switch {
		case err == nil || s.end-s.at >= n:
		case errors.Is(err, io.EOF) && s.end > s.at:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
	return s.buffer[s.at : s.at+n], nil
}

// take hands out the next n bytes, which are there, as a part.
func (s *Scanner) take(n int) *Part {
	s.part = Part{Raw: s.buffer[s.at : s.at+n : s.at+n]}
	s.at += n
	return &s.part
}

func (s *Scanner) pcapHead() (*Part, error) {
	b, err := s.peek(pcapHeader)
	if err != nil {
		return nil, err
	}
	s.Link = pcapng.LinkType(order.Uint32(b[20:]))
	return s.take(pcapHeader), nil
}

func (s *Scanner) record() (*Part, error) {
	b, err := s.peek(pcapRecord)
	if err != nil {
		return nil, err
	}
	n := order.Uint32(b[8:])
	if n > maxPart {
		return nil, fmt.Errorf("a packet of %d bytes is none of vspan's", n)
	}
	if _, err = s.peek(pcapRecord + int(n)); err != nil {
		return nil, err
	}
	p := s.take(pcapRecord + int(n))
	p.Packet, p.Data, p.Length = true, p.Raw[pcapRecord:], int(order.Uint32(p.Raw[12:]))
	p.Time = int64(order.Uint32(p.Raw))*1e9 + int64(order.Uint32(p.Raw[4:]))
	return p, nil
}

func (s *Scanner) block() (*Part, error) {
	b, err := s.peek(8)
	if err != nil {
		return nil, err
	}
	n := order.Uint32(b[4:])
	if n < 12 || n > maxPart || n%4 != 0 {
		return nil, fmt.Errorf("a block of %d bytes is none of vspan's", n)
	}
	if b, err = s.peek(int(n)); err != nil {
		return nil, err
	}
	if order.Uint32(b[n-4:]) != n {
		return nil, errors.New("a block that says two lengths is none of vspan's")
	}
	p := s.take(int(n))
	return p, s.read(p, p.Raw[8:n-4])
}

// read reads the body of a block, if it is of those that are counted or shown.
func (s *Scanner) read(p *Part, body []byte) error {
	switch kind := order.Uint32(p.Raw); {
	case kind == blockSection && (len(body) < 16 || order.Uint32(body) != ngOrder):
		return errors.New("a section that begins otherwise is none of vspan's")
	case kind == blockInterface && len(body) >= 8:
		if len(s.Interfaces) == maxInterfaces {
			return fmt.Errorf("more than %d interfaces", maxInterfaces)
		}
		i := Interface{Link: pcapng.LinkType(order.Uint16(body))}
		options(body[8:], func(code uint16, value []byte) {
			if code == 2 {
				i.Name = string(value)
			}
		})
		s.Interfaces = append(s.Interfaces, i)
	case kind == blockStatistics:
		s.Statistics = true
	case kind == blockPacket:
		return s.packet(p, body)
	}
	return nil
}

// packet reads an enhanced packet block.
func (s *Scanner) packet(p *Part, body []byte) error {
	if len(body) < 20 {
		return errors.New("a packet without a head is none of vspan's")
	}
	id, n := order.Uint32(body), order.Uint32(body[12:])
	if int64(id) >= int64(len(s.Interfaces)) || int64(n) > int64(len(body)-20) {
		return errors.New("a packet of an interface that is not there, or longer than its block, is none of vspan's")
	}
	p.Packet, p.Interface, p.Data, p.Length = true, int(id), body[20:20+n], int(order.Uint32(body[16:]))
	p.Time = int64(uint64(order.Uint32(body[4:]))<<32 | uint64(order.Uint32(body[8:])))
	p.options = body[20+min(int(n+3)&^3, len(body)-20):]
	options(p.options, func(code uint16, value []byte) {
		if code == 4 && len(value) == 8 {
			p.Dropped = order.Uint64(value)
		}
	})
	s.Interfaces[id].Packets++
	s.Interfaces[id].Dropped += p.Dropped
	return nil
}

// Comments are what the file says of the packet.
func (p *Part) Comments() []string {
	var list []string
	options(p.options, func(code uint16, value []byte) {
		if code == 1 {
			list = append(list, string(value))
		}
	})
	return list
}

// options gives options to each, as far as they are whole.
func options(b []byte, each func(code uint16, value []byte)) {
	for len(b) >= 4 {
		code, n := order.Uint16(b), int(order.Uint16(b[2:]))
		if code == 0 || len(b)-4 < n {
			return
		}
		each(code, b[4:4+n])
		b = b[min(4+(n+3)&^3, len(b)):]
	}
}

// Complete appends to b what a pcapng file is to end with, where the daemon's own end is missing because the capture was interrupted. It
// began and ended at these times, in nanoseconds since 1970; why is a comment.
func (s *Scanner) Complete(b []byte, began, ended int64, why string) []byte {
	if s.pcap || s.Statistics {
		return b
	}
	return statistics(b, s.Interfaces, began, ended, why)
}

// statistics appends a statistics block of each interface to b.
func statistics(b []byte, faces []Interface, began, ended int64, comment string) []byte {
	for i, face := range faces {
		b = pcapng.Statistics{
			Interface: i, Time: ended, Start: began, End: ended, Received: face.Packets + face.Dropped, Dropped: face.Dropped, Delivered: face.Packets, Comment: comment,
		}.Append(b)
	}
	return b
}
