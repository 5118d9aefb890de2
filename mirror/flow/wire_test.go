package flow

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

var (
	epoch  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	client = netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), 40000)
	server = netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), 80)
)

// tcpFrame is an Ethernet frame with a TCP segment; with a timestamp unless ts is 0.
func tcpFrame(src, dst netip.AddrPort, vlan, id uint16, flags uint8, seq, ack uint32, window uint16, ts uint32, data []byte) []byte {
	var options []byte
	if flags&SYN != 0 {
		options = append(options, 2, 4, 0x05, 0xB4, 1, 3, 3, 7)
	}
	if ts != 0 {
		options = append(options, 1, 1, 8, 10)
		options = binary.BigEndian.AppendUint32(options, ts)
		options = binary.BigEndian.AppendUint32(options, 0)
		if flags&SYN != 0 { // in front, where senders of established connections put it, does not matter for a SYN
			options = append(options[8:], options[:8]...)
		}
	}
	b := make([]byte, 0, 64+len(data))
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, byte((20+len(options))/4)<<4, flags)
	b = binary.BigEndian.AppendUint16(b, window)
	b = append(b, 0, 0, 0, 0)
	b = append(append(b, options...), data...)
	return ipFrame(src.Addr(), dst.Addr(), vlan, id, frame.ProtocolTCP, b)
}

func udpFrame(src, dst netip.AddrPort, vlan uint16, data []byte) []byte {
	var b []byte
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(data)))
	b = append(append(b, 0, 0), data...)
	return ipFrame(src.Addr(), dst.Addr(), vlan, 1, frame.ProtocolUDP, b)
}

func ipFrame(src, dst netip.Addr, vlan, id uint16, protocol uint8, payload []byte) []byte {
	e := frame.Ethernet{Src: frame.MAC{2, 0, 0, 0, 0, 1}, Dst: frame.MAC{2, 0, 0, 0, 0, 2}, EtherType: frame.EtherTypeIPv4}
	ip := frame.IP{Version: 4, Src: src, Dst: dst, Protocol: protocol, TTL: 64, ID: uint32(id), HeaderLen: 20, TotalLen: 20 + len(payload)}
	if src.Is6() {
		e.EtherType = frame.EtherTypeIPv6
		ip.Version, ip.HeaderLen, ip.TotalLen = 6, 40, 40+len(payload)
	}
	if vlan != 0 {
		e.Tags[0], e.NumTags = frame.Tag{TPID: frame.EtherTypeVLAN, ID: vlan}, 1
	}
	return append(ip.AppendHeader(e.AppendHeader(nil)), payload...)
}

// talk is a TCP connection whose packets a test makes one by one.
type talk struct {
	ends    [2]netip.AddrPort // 0 is the client
	vlan    uint16
	seq     [2]uint32
	id      [2]uint16
	ts      bool
	now     time.Time
	step    time.Duration // between packets
	packets []sent
}

// sent is a packet, and by which end.
type sent struct {
	end   int
	time  time.Time
	frame []byte
}

func newTalk() *talk {
	return &talk{ends: [2]netip.AddrPort{client, server}, seq: [2]uint32{1000, 900_000}, id: [2]uint16{100, 7000}, ts: true, now: epoch, step: time.Millisecond}
}

// send makes the next packet of an end.
func (k *talk) send(end int, flags uint8, data int) *talk {
	k.at(end, flags, k.seq[end], k.seq[1-end], make([]byte, data))
	k.seq[end] += uint32(data)
	if flags&(SYN|FIN) != 0 {
		k.seq[end]++
	}
	return k
}

// at makes a packet with any numbers.
func (k *talk) at(end int, flags uint8, seq, ack uint32, data []byte) *talk {
	k.id[end]++
	if flags&ACK == 0 {
		ack = 0
	}
	ts := uint32(0)
	if k.ts {
		ts = uint32(k.now.UnixMilli())
	}
	k.packets = append(k.packets, sent{end, k.now, tcpFrame(k.ends[end], k.ends[1-end], k.vlan, k.id[end], flags, seq, ack, 65535, ts, data)})
	k.now = k.now.Add(k.step)
	return k
}

func (k *talk) handshake() *talk { return k.send(0, SYN, 0).send(1, SYN|ACK, 0).send(0, ACK, 0) }
func (k *talk) close() *talk {
	return k.send(0, FIN|ACK, 0).send(1, ACK, 0).send(1, FIN|ACK, 0).send(0, ACK, 0)
}

// request is a request of so many bytes and a response in segments.
func (k *talk) request(segments int) *talk {
	k.send(0, PSH|ACK, 120).send(1, ACK, 0)
	for i := range segments {
		k.send(1, ACK, 1400)
		if i%2 == 1 {
			k.send(0, ACK, 0)
		}
	}
	return k.send(0, ACK, 0)
}

func (k *talk) wait(d time.Duration) *talk { k.now = k.now.Add(d); return k }

// seenAt are the packets as one place saw them: the client's VM on a host, both directions.
func (k *talk) seenAt(host, vm string, end int) []Packet {
	var all []Packet
	for _, s := range k.packets {
		d := mirror.FromVM
		if s.end != end {
			d = mirror.ToVM
		}
		all = append(all, Packet{Time: s.time, Frame: s.frame, Host: host, Source: vm, Direction: d, Numbered: true})
	}
	return all
}

// tail is a later packet of the same mirrors, of another conversation: by its number a mirror that lost nothing shows that.
func tail(all []Packet) []Packet {
	other := netip.AddrPortFrom(netip.MustParseAddr("10.9.9.9"), 5000)
	last := all[len(all)-1].Time
	seen := map[Watchpoint]bool{}
	for _, p := range all {
		w := Watchpoint{Host: p.Host, Source: p.Source, Direction: p.Direction}
		if seen[w] {
			continue
		}
		seen[w] = true
		p.Frame, p.Time, p.Gap = udpFrame(other, netip.AddrPortFrom(netip.MustParseAddr("10.9.9.8"), 5000), 0, nil), last.Add(100*time.Second), 0
		all = append(all, p)
	}
	return all
}

// observed feeds packets to a tracker and judges the conversation of client and server a good while later.
func observed(c Config, packets []Packet) Flow {
	t := NewTracker(c)
	t.ObserveAll(packets)
	for _, f := range t.Flows(packets[len(packets)-1].Time.Add(200*time.Second), nil) {
		if f.Protocol == frame.ProtocolTCP {
			return f
		}
	}
	return Flow{}
}

func kinds(problems []Problem) (names []string) {
	for _, p := range problems {
		name := p.Kind.String()
		if p.Site != "" {
			name += "@" + p.Site
		}
		if p.Doubt != Sure {
			name += "?" + p.Doubt.String()
		}
		names = append(names, name)
	}
	return names
}
