package pcapng

import (
	"encoding/binary"
	"io"
)

// The types of the blocks that are written.
const (
	typeSection    = 0x0A0D0D0A
	typeInterface  = 1
	typeStatistics = 5
	typePacket     = 6
)

const (
	byteOrderMagic = 0x1A2B3C4D
	// framing is what a block has around its body: its type, and its length twice.
	framing = 12
	// maxBlock is the longest block that Whole believes, in bytes. A packet of ours is at most a tenth of a megabyte.
	maxBlock = 16 << 20
)

var order = binary.LittleEndian

// open begins a block; its length is set by shut.
func open(b []byte, kind uint32) []byte {
	return order.AppendUint32(order.AppendUint32(b, kind), 0)
}

// shut ends the block that begins at start.
func shut(b []byte, start int) []byte {
	length := uint32(len(b) - start + 4)
	order.PutUint32(b[start+4:], length)
	return order.AppendUint32(b, length)
}

// pad fills up to a multiple of four bytes what has n of them.
func pad(b []byte, n int) []byte {
	return append(b, "\x00\x00\x00"[:-n&3]...)
}

// appendTime appends a time as two halves, the upper one first.
func appendTime(b []byte, ns int64) []byte {
	t := uint64(max(ns, 0))
	return order.AppendUint32(order.AppendUint32(b, uint32(t>>32)), uint32(t))
}

// Whole returns how many bytes at the beginning of r are whole blocks of a file as it is written here. What follows them is not part of
// the file: a process or a machine stopped while it was written. The error is that of reading.
func Whole(r io.Reader) (n int64, err error) {
	var head [framing - 4]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return n, unlessEnded(err)
		}
		kind, length := order.Uint32(head[:]), order.Uint32(head[4:])
		if length < framing || length > maxBlock || length%4 != 0 || n == 0 && kind != typeSection {
			return n, nil
		}
		if _, err := io.CopyN(io.Discard, r, int64(length-framing)); err != nil {
			return n, unlessEnded(err)
		}
		if _, err := io.ReadFull(r, head[:4]); err != nil {
			return n, unlessEnded(err)
		}
		if order.Uint32(head[:]) != length {
			return n, nil
		}
		n += int64(length)
	}
}

func unlessEnded(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
