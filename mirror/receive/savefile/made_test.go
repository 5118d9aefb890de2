package savefile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"
)

// A file is made in either byte order.
type order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

var orders = map[string]order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

// pcapMaker makes pcap files.
type pcapMaker struct {
	order
	magic        uint32
	major, minor uint16
	link         uint32
}

var plainPcap = pcapMaker{binary.LittleEndian, magicMicro, 2, 4, uint32(LinkRaw)}

func (m pcapMaker) header() []byte {
	b := m.AppendUint32(nil, m.magic)
	b = m.AppendUint16(m.AppendUint16(b, m.major), m.minor)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)
	return m.AppendUint32(m.AppendUint32(b, 1<<16), m.link)
}

// record makes the record of a packet, with the two lengths as they are given.
func (m pcapMaker) record(seconds, fraction, first, second uint32, data []byte) []byte {
	var b []byte
	for _, word := range []uint32{seconds, fraction, first, second} {
		b = m.AppendUint32(b, word)
	}
	if m.magic == magicModified {
		b = append(m.AppendUint32(b, 2), 8, 0, 4, 0)
	}
	return append(b, data...)
}

// whole makes the record of a packet that was not cut.
func (m pcapMaker) whole(data []byte) []byte {
	return m.record(1_700_000_000, 5, uint32(len(data)), uint32(len(data)), data)
}

// pcapngMaker makes the blocks of pcapng.
type pcapngMaker struct{ order }

var plainPcapng = pcapngMaker{binary.LittleEndian}

func (m pcapngMaker) block(kind blockType, body ...[]byte) []byte {
	joined := bytes.Join(body, nil)
	joined = append(joined, make([]byte, -len(joined)&3)...)
	total := uint32(len(joined) + blockMinimum)
	b := m.AppendUint32(m.AppendUint32(nil, uint32(kind)), total)
	return m.AppendUint32(append(b, joined...), total)
}

func (m pcapngMaker) words(words ...uint32) (b []byte) {
	for _, word := range words {
		b = m.AppendUint32(b, word)
	}
	return b
}

func (m pcapngMaker) sectionOf(major, minor uint16) []byte {
	b := m.AppendUint16(m.AppendUint16(m.words(byteOrderMagic), major), minor)
	return m.block(sectionHeader, m.AppendUint64(b, 1<<64-1))
}

func (m pcapngMaker) section() []byte { return m.sectionOf(1, 0) }

func (m pcapngMaker) iface(link LinkType, snapLen uint32, options ...[]byte) []byte {
	return m.block(interfaceDescription, m.AppendUint16(nil, uint16(link)), []byte{0, 0}, m.words(snapLen), bytes.Join(options, nil))
}

func (m pcapngMaker) option(code uint16, value ...byte) []byte {
	b := m.AppendUint16(m.AppendUint16(nil, code), uint16(len(value)))
	return append(append(b, value...), make([]byte, -len(value)&3)...)
}

func (m pcapngMaker) enhanced(id uint32, ticks uint64, data []byte) []byte {
	n := uint32(len(data))
	return m.block(enhancedPacket, m.words(id, uint32(ticks>>32), uint32(ticks), n, n), data)
}

func (m pcapngMaker) simple(original uint32, data []byte) []byte {
	return m.block(simplePacket, m.words(original), data)
}

func (m pcapngMaker) obsolete(id uint16, ticks uint64, data []byte) []byte {
	n := uint32(len(data))
	return m.block(obsoletePacket, m.AppendUint16(nil, id), []byte{1, 1}, m.words(uint32(ticks>>32), uint32(ticks), n, n), data)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// kept is a packet that outlives the next.
type kept struct {
	Data      string
	Length    int
	Time      time.Time
	Link      LinkType
	Interface int
}

// readAll returns the packets of a capture and what ended them, nil at its end.
func readAll(in io.Reader) (packets []kept, err error) {
	r, err := NewReader(in)
	if err != nil {
		return nil, err
	}
	for {
		p, err := r.Next()
		if err == io.EOF {
			return packets, nil
		}
		if err != nil {
			if _, again := r.Next(); again != err {
				return nil, errors.Join(errors.New("the error changed"), err, again)
			}
			return packets, err
		}
		packets = append(packets, kept{string(p.Data), p.Length, p.Time, p.Link, p.Interface})
	}
}

func readBytes(b []byte) ([]kept, error) { return readAll(bytes.NewReader(b)) }
