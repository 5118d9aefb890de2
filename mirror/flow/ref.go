package flow

import (
	"strconv"
	"strings"
	"time"
)

// ref is a packet that shows something.
type ref struct {
	number   uint64
	time     int64
	seq, ack uint32
	length   uint32
	window   uint16
	point    uint16
	flags    uint8
	side     uint8
	tcp      bool
}

// role is what a ref of a conversation shows: the first packet that did, for lastSYN the newest.
type role uint8

const (
	firstSYN role = iota
	lastSYN
	firstSYNACK
	handshakeACK
	firstFIN
	secondFIN
	firstRST
	firstGap
	outside
	firstRepeat
	lastRepeat
	firstOther // the first packet that is none of these
	numRoles
)

// show keeps s as the packet that plays a role, unless there is one.
func (d *details) show(r role, s *sighted, seg *segment) {
	if d.refs[r].number == 0 {
		d.refs[r] = s.ref(seg)
	}
}

func (s *sighted) ref(seg *segment) ref {
	r := ref{number: s.number, time: s.ns, point: s.spot.point, side: uint8(s.side), length: uint32(s.length)}
	if seg != nil {
		r.tcp, r.flags, r.seq, r.ack, r.window, r.length = true, seg.flags, seg.seq, seg.ack, seg.window, seg.length
	}
	return r
}

// Ref is a packet that shows something, by its header.
type Ref struct {
	// Number counts all packets that the Tracker observed, from 1.
	Number uint64
	Time   time.Time
	// FromA says which end sent it.
	FromA bool
	At    Watchpoint
	// TCP says that the rest was read. Otherwise Length is that of the frame.
	TCP      bool
	Flags    uint8 // FIN, SYN, RST, PSH, ACK
	Seq, Ack uint32
	Window   uint16 // as in the header, unscaled
	Length   uint32 // bytes of data
}

// Summary is the header in words, as tshark has it.
func (r Ref) Summary() string {
	if !r.TCP {
		return ""
	}
	b := append([]byte(nil), '[')
	b = append(append(b, flagNames(r.Flags)...), "] Seq="...)
	b = append(strconv.AppendUint(b, uint64(r.Seq), 10), " Ack="...)
	b = append(strconv.AppendUint(b, uint64(r.Ack), 10), " Win="...)
	b = append(strconv.AppendUint(b, uint64(r.Window), 10), " Len="...)
	return string(strconv.AppendUint(b, uint64(r.Length), 10))
}

func flagNames(flags uint8) string {
	var names []string
	for i, name := range [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
