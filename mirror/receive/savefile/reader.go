// Package savefile reads capture files as a stream: pcap in all its variants
// and pcapng, plain or gzipped.
//
// The formats are those of draft-ietf-opsawg-pcap and
// draft-ietf-opsawg-pcapng; where files in the field differ from them, they are
// read as Wireshark reads them. Nothing is copied beyond the one buffer that
// the input is read into, nothing is allocated for a packet, and whatever the
// input says, memory stays below a bound: see MaxBlock.
package savefile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"time"
)

// Packet is one packet of a capture. It is valid until the next call of Next,
// and its Data until the input is read on, at which BeforeReading tells, and no
// earlier than the next call of Next.
type Packet struct {
	// Data is what was captured, beginning with the header of the link.
	Data []byte
	// Length is how many bytes the packet had on the wire, before the capture cut
	// it, as the file says. A damaged file may say less than there are.
	Length int
	// Time is when it was captured, in UTC. It is zero where the file does not
	// say: in simple packet blocks, and where the unit of time is too small for
	// 64 bits to reach a second.
	Time time.Time
	// Link says what Data begins with.
	Link LinkType
	// Interface is the number of the interface within its section of a pcapng
	// file, from 0; it is 0 in a pcap file.
	Interface int
}

// Reader reads the packets of a capture in their order. It reads ahead no
// further than what one Read of the input gives: a packet that is whole in
// memory is handed out before the input is asked for more, so that the input
// may be a live capture's pipe. One goroutine at a time may use it.
type Reader struct {
	window  *window
	records records
	packet  Packet
	number  uint64
	err     error
}

// records are the packets of one format. next fills in all of the packet; its
// error is io.EOF where the input may end.
type records interface {
	next(p *Packet, number uint64) error
	link() (LinkType, bool)
}

// NewReader reads the header of a capture, for which it waits if the input is a
// pipe. An error says what the input is instead, or what its header has that is
// not read. It wraps io.ErrUnexpectedEOF if the input broke off.
func NewReader(in io.Reader) (*Reader, error) {
	w := newWindow(in)
	magic, err := w.peek(magicLen)
	if bytes.HasPrefix(magic, magicGzip) {
		if w, err = unzipped(w); err != nil {
			return nil, err
		}
		magic, err = w.peek(magicLen)
	}
	if err != nil {
		return nil, headless(err)
	}
	open := openPcap
	if bytes.Equal(magic, magicPcapng) {
		open = openPcapng
	}
	records, err := open(w)
	if err != nil {
		return nil, err
	}
	return &Reader{window: w, records: records}, nil
}

const magicLen = 4

var (
	magicGzip   = []byte{0x1F, 0x8B}
	magicPcapng = []byte{0x0A, 0x0D, 0x0D, 0x0A}
)

// unzipped is a window on what the gzipped w holds.
func unzipped(w *window) (*window, error) {
	// The decompressor of gzip needs a reader of bytes, and would make itself one
	// that is smaller.
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(w.rest()), w.in), chunk)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("gzip header: %w", err)
	}
	return newWindow(z), nil
}

// headless says why there is no header.
func headless(err error) error {
	switch err {
	case io.EOF:
		return fmt.Errorf("empty: neither pcap nor pcapng: %w", io.ErrUnexpectedEOF)
	case io.ErrUnexpectedEOF:
		return fmt.Errorf("too short for pcap or pcapng: %w", err)
	}
	return err
}

// Next returns the next packet, or io.EOF at the end of a capture that is
// whole. Any other error names the packet that could not be read by its number,
// the one Wireshark would show, counted from 1, and in a pcapng file the block;
// it wraps io.ErrUnexpectedEOF if the input broke off. There are no packets
// behind an error: every further call returns it again.
func (r *Reader) Next() (*Packet, error) {
	if r.err != nil {
		return nil, r.err
	}
	if err := r.records.next(&r.packet, r.number+1); err != nil {
		r.err = err
		return nil, err
	}
	r.number++
	return &r.packet, nil
}

// BeforeReading has f called from within Next before the input is read on. From
// then on the Data of all packets so far is not valid any more.
func (r *Reader) BeforeReading(f func()) { r.window.before = f }

// Link is the link type of every packet. It is not ok of a pcapng file, which
// has one for each interface.
func (r *Reader) Link() (link LinkType, ok bool) { return r.records.link() }
