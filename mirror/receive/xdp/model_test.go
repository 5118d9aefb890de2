package xdp

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// judgement is what is to become of a packet, made of what user space reads in
// it.
type judgement struct {
	mirror   bool // of protocol 47, as far as the program looks
	numbered bool // and its number is accounted for
	stream   Stream
	number   uint32

	mapped       bool // it came over IPv6 from or to an address that stands for one of IPv4, which is never admitted
	countable    bool // and it is counted if this conversation is admitted
	conversation Conversation
	bytes, outer uint64
	truncated    bool
	there        int // bytes of the mirrored frame
}

// judge reads an Ethernet frame that arrives.
func judge(b []byte) (j judgement) {
	link, err := frame.Parse(b)
	if err != nil || link.Inner == frame.TagDepth || link.Inner == frame.TagShort {
		return j
	}
	packet := b[link.HeaderLen():]
	ip, payload, err := frame.ParseIP(packet)
	if err != nil || ip.FragmentOffset != 0 ||
		link.EtherType != map[uint8]uint16{4: frame.EtherTypeIPv4, 6: frame.EtherTypeIPv6}[ip.Version] {
		return j
	}
	sound := !ip.IsFragment() && !ip.Truncated && said(packet)
	if ip.MoreFragments {
		if ip, payload, err = ip.Reassembled(payload); err != nil {
			return j
		}
		ip.MoreFragments = true
	}
	if ip.Protocol != frame.ProtocolGRE {
		return j
	}
	j.mirror = true
	j.sequence(ip, payload)
	if sound && (ip.Version == 4 || ip.HeaderLen == 40) {
		j.count(ip, payload)
	}
	if j.mapped = ip.Src.Is4In6() || ip.Dst.Is4In6(); j.mapped {
		j.numbered, j.conversation = false, Conversation{}
	}
	return j
}

// said reports whether a packet says its length.
func said(packet []byte) bool {
	at := 2
	if packet[0]>>4 == 6 {
		at = 4
	}
	return binary.BigEndian.Uint16(packet[at:]) != 0
}

// sequence finds the number of a packet. Of a fragment less has to be there.
func (j *judgement) sequence(ip frame.IP, payload []byte) {
	g, rest, err := gre.Parse(payload)
	if err != nil || !g.HasSequence {
		return
	}
	s := Stream{Src: ip.Src, Dst: ip.Dst}
	_, refused := erspan.Decapsulate(payload)
	whole := refused == nil || ip.MoreFragments
	switch {
	case g.Protocol == gre.ProtocolERSPAN2 && whole && len(rest) >= 4 && rest[0]>>4 == 1:
		s.Type = erspan.TypeII
	case g.Protocol == gre.ProtocolERSPAN3 && len(rest) >= 12 && rest[0]>>4 == 2:
		s.Type, s.HardwareID = erspan.TypeIII, uint8(binary.BigEndian.Uint16(rest[10:])>>4&0x3F)
		if ethernet := rest[10]&0x7C == 0; ethernet && !whole {
			return
		}
	default:
		return
	}
	s.ID = binary.BigEndian.Uint16(rest[2:]) & 0x3FF
	j.numbered, j.stream, j.number = true, s, g.Sequence
}

// count measures a packet, if it is one that the program can measure.
func (j *judgement) count(ip frame.IP, payload []byte) {
	p, err := erspan.Decapsulate(payload)
	if err != nil || p.Type == erspan.TypeI || p.Header.FrameType != erspan.FrameEthernet {
		return
	}
	f, err := frame.Parse(p.Frame)
	switch {
	case err != nil || f.Inner != 0 || f.Dst.IsMulticast() || f.IsLLC() || f.HasARP:
		return
	case f.HasIP && (f.IP.Protocol == frame.ProtocolGRE || f.IP.Version == 6 && f.IP.HeaderLen != 40):
		return
	}
	j.countable = true
	j.conversation = Conversation{
		Src: ip.Src, Dst: ip.Dst, Type: p.Type, ID: p.Header.SessionID, HardwareID: p.Header.HardwareID,
		Mark: markOf(p), FrameSrc: f.Src, FrameDst: f.Dst,
	}.plain()
	j.bytes, j.outer = uint64(f.Length), uint64(ip.TotalLen)
	j.truncated, j.there = f.Truncated || p.Header.Truncated, len(p.Frame)
}

func markOf(p erspan.Packet) Mark {
	switch {
	case p.Type == erspan.TypeIII && p.Header.Direction == erspan.Egress:
		return ToVM
	case p.Type == erspan.TypeIII:
		return FromVM
	case p.Type == erspan.Bridging && p.GRE.HasKey && p.GRE.Key == 0x02000000:
		return FromVM
	case p.Type == erspan.Bridging && p.GRE.HasKey && p.GRE.Key == 0:
		return ToVM
	}
	return Unmarked
}

// model is what a Counter must have counted.
type model struct {
	began                time.Time // before the first packet
	conversations        map[Conversation]*Counts
	snap                 map[Conversation]int
	streams              map[Stream]*sequence.Space
	trials               map[Stream]*sequence.Trial // of whole ones
	aliens               map[Stream]uint64
	unjudged, unadmitted uint64
}

func newModel() *model {
	return &model{
		began:         time.Now(),
		conversations: map[Conversation]*Counts{}, snap: map[Conversation]int{},
		streams: map[Stream]*sequence.Space{}, trials: map[Stream]*sequence.Trial{}, aliens: map[Stream]uint64{},
	}
}

// take takes a packet, and reports whether it is counted and dropped.
func (m *model) take(b []byte) bool {
	j := judge(b)
	if j.numbered {
		m.sequence(j.stream, j.number)
	}
	c := m.conversations[j.conversation]
	switch {
	case !j.mirror:
		return false
	case !j.countable:
		m.unjudged++
		return false
	case c == nil:
		m.unadmitted++
		return false
	}
	c.Packets++
	c.Bytes += j.bytes
	c.OuterBytes += j.outer
	c.Largest = max(c.Largest, uint32(j.bytes))
	if j.truncated {
		c.Truncated++
		c.Missing += uint64(max(int(j.bytes)-j.there, 0))
		if snap := m.snap[j.conversation]; snap == 0 || j.there+64 < snap {
			c.Early++
		}
	}
	return true
}

func (m *model) sequence(s Stream, n uint32) {
	s = s.plain()
	fits := true
	if whole := m.streams[wholeOf(s)]; whole != nil {
		fits = whole.Next(n) || m.try(wholeOf(s), n)
	}
	if session := m.streams[s]; session != nil {
		if !session.Next(n) { // as mirror/evidence does: the short way, or the whole one
			session.Observe(n)
		}
		if !fits {
			m.aliens[s]++
		}
	}
}

// try is what mirror/evidence has done with a number that is not next in a whole stream.
func (m *model) try(whole Stream, n uint32) bool {
	if m.trials[whole] == nil {
		m.trials[whole] = new(sequence.Trial)
	}
	fits, _ := m.trials[whole].Observe(m.streams[whole], n)
	return fits
}

func wholeOf(s Stream) Stream { return Stream{Src: s.Src, Dst: s.Dst, Whole: true} }

// numbers is the accounting of a stream.
func (m *model) numbers(s Stream) sequence.Numbers {
	q := m.streams[s]
	return sequence.Numbers{
		Packets: q.Packets, Lost: q.Lost, Reordered: q.Reordered, Duplicated: q.Duplicated, Resets: q.Resets, Strays: q.Strays,
		Aliens: m.aliens[s], Usable: q.Usable(),
	}
}

var (
	v4a, v4b = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.2")
	v6a, v6b = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	vmA, vmB = frame.MAC{0, 0x50, 0x56, 1, 2, 3}, frame.MAC{0, 0x50, 0x56, 4, 5, 6}
)
