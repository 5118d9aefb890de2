package evidence

import (
	"encoding/binary"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/prefetch"
)

// Together is how many arrivals a Ledger reads before it counts the first of them: what counting one takes of memory is on its way
// while others are read.
const Together = prefetch.ListLen

// glance is what was read of an arrival: all that decides whose it is, and what there is to count.
type glance struct {
	key      memoKey
	hash     uint64
	memo     *memo // that was there when all were looked up; nil: none, or it was not looked for
	length   int   // bytes of the frame that there were to send; 0: it is one that has no memo
	there    int   // and that were sent
	frame    int32 // where it begins in the payload
	sequence uint32
	cut      bool // the sender says so
}

// glances are those of the arrivals that are taken together.
type glances struct {
	list [Together]glance
	asks prefetch.List // memory that will be needed
}

// foresee reads the arrivals, looks their memos up, and returns how many bytes their datagrams have together.
func (t *glances) foresee(list []Arrival, m *memos) (bytes uint64) {
	bytes = t.look(list, m)
	t.recognise(len(list), m)
	if m.n >= manyMemos {
		t.follow(len(list))
	}
	return bytes
}

// manyMemos are so many that their sequences are not in a cache that is near.
const manyMemos = 4096

// look reads the arrivals.
func (t *glances) look(list []Arrival, m *memos) (bytes uint64) {
	mask := uint64(len(m.slots) - 1)
	for i := range list {
		a, g := &list[i], &t.list[i&(Together-1)]
		bytes += uint64(max(a.WireLen, 0))
		if g.express(a) || g.read(a) {
			g.hash = m.hash(g.key)
			t.asks[i&(Together-1)] = uintptr(unsafe.Pointer(&m.slots[g.hash&mask]))
		}
	}
	prefetch.One(&t.asks, len(list))
	return bytes
}

// recognise looks them up.
func (t *glances) recognise(n int, m *memos) {
	for i := range n {
		g := &t.list[i&(Together-1)]
		if g.length == 0 || g.key.isIPv6() {
			g.memo = nil
			continue
		}
		if g.memo = m.hashed(g.hash); g.memo != nil {
			t.asks[i&(Together-1)] = uintptr(unsafe.Pointer(g.memo))
		}
	}
	prefetch.Two(&t.asks, n)
}

// follow asks for the sequences that they are of.
func (t *glances) follow(n int) {
	for i := range n {
		if m := t.list[i&(Together-1)].memo; m != nil {
			t.asks[i&(Together-1)] = uintptr(unsafe.Pointer(m.stream))
		}
	}
	prefetch.Two(&t.asks, n)
}

// read reads an arrival, and reports whether it is one that can have a memo.
func (g *glance) read(a *Arrival) bool {
	g.length = 0
	p := erspan.Skim(a.Payload)
	if p.Frame == 0 || a.At < 0 { // as of an arrival without a time
		return false
	}
	inner := a.Payload[p.Frame:]
	g.there = len(inner) + missing(a)
	if g.length = frame.Skim(inner, g.there); g.length == 0 {
		return false
	}
	g.frame, g.sequence, g.cut = p.Frame, p.Sequence, p.Tag.Truncated()
	g.key.stations, g.key.ends = binary.LittleEndian.Uint64(inner), a.Ends.IPv4
	g.key.rest = uint64(binary.LittleEndian.Uint32(inner[8:])) | uint64(p.Tag.Whole())<<atTag | markBits(p, a)
	return true
}

// Where things are in the packet that nearly all are, in bytes from its GRE header: numbered ERSPAN Type II, and in it TCP or UDP in IPv4
// without options and without a tag.
const (
	expressERSPAN = 8
	expressFrame  = 16
	expressIPv4   = expressFrame + frame.EthernetLen
	expressLen    = expressIPv4 + 20 + 4
)

// express reads the packet that nearly all are as read would, and reports false of any other.
func (g *glance) express(a *Arrival) bool {
	if len(a.Payload) < expressLen || a.At < 0 || a.Ends.IsIPv6 {
		return false
	}
	b := (*[expressLen]byte)(a.Payload)
	header := binary.BigEndian.Uint32(b[expressERSPAN:])
	if binary.BigEndian.Uint32(b[:]) != erspan.SkimmedGRE || header>>28 != erspan.SkimmedVersion ||
		b[expressFrame]&1 != 0 || binary.BigEndian.Uint32(b[expressIPv4-2:])>>8 != frame.SkimmedIPv4 {
		return false
	}
	protocol, total := b[expressIPv4+9], int(binary.BigEndian.Uint16(b[expressIPv4+2:]))
	if protocol != frame.ProtocolTCP && protocol != frame.ProtocolUDP || total < expressLen-expressIPv4 {
		return false
	}
	tag := erspan.SkimmedTag | erspan.Tag(header&erspan.SkimmedHeader)
	g.key.stations, g.key.ends = binary.LittleEndian.Uint64(b[expressFrame:]), a.Ends.IPv4
	g.key.rest = uint64(binary.LittleEndian.Uint32(b[expressFrame+8:])) | uint64(tag.Whole())<<atTag
	g.frame, g.sequence, g.cut = expressFrame, binary.BigEndian.Uint32(b[4:]), tag.Truncated()
	g.length, g.there = frame.EthernetLen+total, max(a.PayloadLen, len(a.Payload))-expressFrame
	return true
}
