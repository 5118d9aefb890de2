package savefile

import (
	"encoding/binary"
	"fmt"
	"io"
)

// blockType says what a block is. The others are skipped.
type blockType uint32

const (
	sectionHeader        blockType = 0x0A0D0D0A // the same in either byte order
	interfaceDescription blockType = 1
	obsoletePacket       blockType = 2
	simplePacket         blockType = 3
	enhancedPacket       blockType = 6
)

func (t blockType) String() string {
	switch t {
	case sectionHeader:
		return "section header"
	case interfaceDescription:
		return "interface description"
	case obsoletePacket:
		return "obsolete packet"
	case simplePacket:
		return "simple packet"
	case enhancedPacket:
		return "enhanced packet"
	}
	return fmt.Sprintf("type 0x%08x", uint32(t))
}

// isPacket reports whether a block of the type has a packet.
func (t blockType) isPacket() bool {
	return t == enhancedPacket || t == simplePacket || t == obsoletePacket
}

// known reports whether a block of the type is read.
func (t blockType) known() bool {
	return t.isPacket() || t == sectionHeader || t == interfaceDescription
}

// longest bounds the length of a block, bytes. Of one that is skipped, which
// costs no memory, the bound is Wireshark's and serves to notice damage.
func (t blockType) longest() int64 {
	if t.known() {
		return MaxBlock
	}
	return 1<<27 + 1<<17 + 32
}

// Lengths in bytes, of the type and length that a block begins with and of the
// length that it ends with.
const (
	blockHead    = 8
	blockTail    = 4
	blockMinimum = blockHead + blockTail
)

const byteOrderMagic uint32 = 0x1A2B3C4D

// pcapng is a file of blocks
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                          Block Type                           |
//	|                      Block Total Length                       |
//	/                          Block Body                           /
//	|                      Block Total Length                       |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// in sections, each of which has its own byte order and interfaces.
type pcapng struct {
	in *window
	byteOrder
	interfaces []iface
	blocks     uint64 // begun, of all sections, for messages
}

func openPcapng(w *window) (records, error) {
	f := &pcapng{in: w}
	if _, err := f.block(nil); err != nil {
		return nil, fmt.Errorf("pcapng header: %w", err)
	}
	return f, nil
}

func (f *pcapng) link() (LinkType, bool) { return 0, false }

func (f *pcapng) next(p *Packet, number uint64) error {
	for {
		isPacket, err := f.block(p)
		switch {
		case err == io.EOF:
			return err
		case err != nil:
			return fmt.Errorf("packet %d, block %d: %w", number, f.blocks, err)
		case isPacket:
			return nil
		}
	}
}

// block reads one block and reports whether it was a packet, with which it then
// has filled p. Its error is io.EOF if there is no further block.
func (f *pcapng) block(p *Packet) (isPacket bool, err error) {
	head, err := f.in.peek(blockMinimum)
	if err == io.EOF {
		return false, err
	}
	f.blocks++
	if err != nil {
		return false, within("its header", err)
	}
	kind := blockType(f.uint32(head))
	if kind == sectionHeader {
		if err := f.orderOf(head[blockHead:]); err != nil {
			return false, err
		}
	}
	total := f.total(head[4:])
	if most := kind.longest(); total < blockMinimum || total > most {
		return false, fmt.Errorf("%v: a length of %d bytes, which is not from %d to %d", kind, total, blockMinimum, most)
	}
	if kind.known() {
		err = f.read(p, kind, int(total))
	} else {
		err = f.pass(total)
	}
	if err != nil {
		err = fmt.Errorf("%v: %w", kind, err)
	}
	return kind.isPacket(), err
}

// orderOf takes the byte order of a section from the magic number for it.
func (f *pcapng) orderOf(magic []byte) error {
	switch byteOrderMagic {
	case binary.LittleEndian.Uint32(magic):
		f.big = false
	case binary.BigEndian.Uint32(magic):
		f.big = true
	default:
		return fmt.Errorf("%v: unknown byte-order magic number %x", sectionHeader, magic)
	}
	return nil
}

// total is the length of a block as b has it. Some writers leave the padding out.
func (f *pcapng) total(b []byte) int64 { return (int64(f.uint32(b)) + 3) &^ 3 }

// pass skips a block of no interest.
func (f *pcapng) pass(total int64) error {
	if err := f.in.skip(total - blockTail); err != nil {
		return within("it", err)
	}
	tail, err := f.in.peek(blockTail)
	if err != nil {
		return within("it", err)
	}
	f.in.take(blockTail)
	return f.compare(total, tail)
}

// compare checks the length at the end of a block against that at its start.
func (f *pcapng) compare(total int64, tail []byte) error {
	if again := f.total(tail); again != total {
		return fmt.Errorf("the length is %d bytes at its start and %d at its end", total, again)
	}
	return nil
}

// read reads a block that is held in memory.
func (f *pcapng) read(p *Packet, kind blockType, total int) error {
	whole, err := f.in.peek(total)
	if err != nil {
		return within("it", err)
	}
	if err := f.compare(int64(total), whole[total-blockTail:]); err != nil {
		return err
	}
	f.in.take(total)
	body := whole[blockHead : total-blockTail]
	switch kind {
	case sectionHeader:
		return f.section(body)
	case interfaceDescription:
		return f.describe(body)
	case simplePacket:
		return f.simple(p, body)
	case obsoletePacket:
		return f.obsolete(p, body)
	}
	return f.enhanced(p, body)
}
