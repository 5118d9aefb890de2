package dns

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"
)

// Types that Record.Data is known for.
const (
	TypeA     uint16 = 1
	TypeNS    uint16 = 2
	TypeCNAME uint16 = 5
	TypeSOA   uint16 = 6
	TypePTR   uint16 = 12
	TypeMX    uint16 = 15
	TypeTXT   uint16 = 16
	TypeAAAA  uint16 = 28
	TypeSRV   uint16 = 33
	TypeOPT   uint16 = 41
)

// Bounds of a name: labels and jumps. RFC 1035 section 2.3.4 allows 255 bytes.
const (
	maxName  = 255
	maxJumps = 64
)

type reader struct {
	b     []byte
	at    int
	taken int // questions and records
}

// truncatedHonestly reports whether the bytes ended before what was wanted, rather than were wrong.
func (r *reader) truncatedHonestly() bool { return r.at >= len(r.b) && len(r.b) > headerLen }

func (r *reader) take(n int) ([]byte, bool) {
	if n > len(r.b)-r.at {
		r.at = len(r.b)
		return nil, false
	}
	r.at += n
	return r.b[r.at-n : r.at], true
}

func (r *reader) question() (q Question, ok bool) {
	if r.taken++; r.taken > MaxRecords {
		return q, false
	}
	if q.Name, ok = r.name(); !ok {
		return q, false
	}
	b, ok := r.take(4)
	if !ok {
		return q, false
	}
	q.Type, q.Class = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	return q, true
}

func (r *reader) record() (c Record, ok bool) {
	q, ok := r.question()
	if !ok {
		return c, false
	}
	b, ok := r.take(6)
	if !ok {
		return c, false
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	begin := r.at
	data, ok := r.take(length)
	if !ok {
		return c, false
	}
	c = Record{Name: q.Name, Type: q.Type, Class: q.Class, TTL: binary.BigEndian.Uint32(b)}
	in := reader{b: r.b[:begin+length], at: begin}
	c.Data = in.data(c.Type, data)
	return c, true
}

// data words what a record says; names in it may point to anywhere in the message before.
func (r *reader) data(kind uint16, b []byte) string {
	switch kind {
	case TypeA, TypeAAAA:
		if a, ok := netip.AddrFromSlice(b); ok && (kind == TypeA) == (len(b) == 4) {
			return a.String()
		}
	case TypeNS, TypeCNAME, TypePTR:
		name, _ := r.name()
		return name
	case TypeMX, TypeSRV:
		return r.numbered(map[uint16]int{TypeMX: 1, TypeSRV: 3}[kind])
	case TypeSOA:
		primary, ok := r.name()
		mailbox, ok2 := r.name()
		if ok && ok2 {
			return primary + " " + mailbox
		}
	case TypeTXT:
		return texts(b)
	}
	return ""
}

// numbered reads so many numbers and a name.
func (r *reader) numbered(n int) string {
	var words []string
	for range n {
		b, ok := r.take(2)
		if !ok {
			return ""
		}
		words = append(words, strconv.Itoa(int(binary.BigEndian.Uint16(b))))
	}
	name, ok := r.name()
	if !ok {
		return ""
	}
	return strings.Join(append(words, name), " ")
}

func texts(b []byte) string {
	var all []string
	for len(b) > 0 {
		n := min(int(b[0]), len(b)-1)
		all = append(all, `"`+escape(b[1:1+n], `"`)+`"`)
		b = b[1+n:]
	}
	return strings.Join(all, " ")
}

// name reads a name, without the dot at its end but for the root.
func (r *reader) name() (string, bool) {
	var name strings.Builder
	at, jumped, jumps, size := r.at, false, 0, 0
	for {
		if at >= len(r.b) {
			r.at = len(r.b)
			return "", false
		}
		n := int(r.b[at])
		switch {
		case n == 0:
			if !jumped {
				r.at = at + 1
			}
			if name.Len() == 0 {
				return ".", true
			}
			return name.String(), true
		case n >= 0xC0:
			if jumps++; at+1 >= len(r.b) || jumps > maxJumps {
				r.at = len(r.b)
				return "", false
			}
			if !jumped {
				r.at, jumped = at+2, true
			}
			at = n&0x3F<<8 | int(r.b[at+1])
		case n >= 0x40 || at+1+n > len(r.b):
			return "", false
		default:
			if size += 1 + n; size > maxName {
				return "", false
			}
			if name.Len() > 0 {
				name.WriteByte('.')
			}
			name.WriteString(escape(r.b[at+1:at+1+n], `.`))
			at += 1 + n
		}
	}
}

// escape is the presentation form of RFC 1035 section 5.1.
func escape(b []byte, special string) string {
	var s strings.Builder
	for _, c := range b {
		switch {
		case c == '\\' || strings.IndexByte(special, c) >= 0:
			s.WriteByte('\\')
			s.WriteByte(c)
		case c < ' ' || c >= 0x7F:
			s.WriteByte('\\')
			s.WriteString(strconv.Itoa(1000 + int(c))[1:])
		default:
			s.WriteByte(c)
		}
	}
	return s.String()
}
