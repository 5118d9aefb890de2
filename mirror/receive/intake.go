package receive

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// expireEvery is how often a live source looks for fragments that waited too
// long while no others arrive. It bounds how late the drop is counted.
const expireEvery = 250 * time.Millisecond

// quietly is how long it waits for the next packet where no fragments wait.
const quietly = time.Minute

const ipv6HeaderLen = 40

// maxPacket is the longest outer IP packet there is: an IPv6 header and the
// longest payload its 16-bit length can say (RFC 8200, section 3).
const maxPacket = ipv6HeaderLen + 65535

// packet is one outer IP packet as a source got it.
type packet struct {
	at  int64     // when it arrived: Datagram.At
	now time.Time // the clock of reassembly
	ip  []byte
	// wireLen is how long it was before a snap length cut it; 0: as long as ip.
	wireLen int
}

// intake is what every worker of every source has: it parses outer headers,
// reassembles and counts. Only the worker uses it, but for tally.snapshot.
type intake struct {
	tally   tally
	number  uint64
	joiner  *reassembler
	refused RefusedFunc
	ready   [MostAtOnce]Datagram // reused, so that delivering allocates nothing
	n       int                  // of them wait to be handed over
	most    int                  // may wait: 1 unless packets stay where they are until the end of their batch
}

func newIntake(limits Limits, refused RefusedFunc) *intake {
	in := &intake{refused: refused, most: 1}
	in.joiner = newReassembler(limits, in.refuse)
	return in
}

// steadyIntake is the intake of a source whose packets stay where they are until
// the end of their batch.
func steadyIntake(limits Limits, refused RefusedFunc) *intake {
	in := newIntake(limits, refused)
	in.most = MostAtOnce
	return in
}

// begin begins a batch.
func (in *intake) begin(now time.Time, handle Handler) {
	in.joiner.expire(now)
	handle.Begin()
}

// end ends it, and shows what it has added to the counters.
func (in *intake) end(handle Handler) {
	in.handOver(handle)
	in.show()
	handle.End()
}

// handOver counts and hands over what waits, datagrams of one packet each.
func (in *intake) handOver(handle Handler) {
	if in.n > 0 {
		list, n := in.ready[:in.n], uint64(in.n)
		in.n = 0
		in.tally.Packets += n
		in.tally.Datagrams += n
		in.tally.Delivered += n
		handle.Take(list)
	}
}

// refuse counts packets that cannot be delivered.
func (in *intake) refuse(packets int, number uint64, why Refusal) {
	in.tally.Refused[why] += uint64(packets)
	if in.refused != nil {
		in.refused(number, why)
	}
}

// pass counts a packet that is of no interest.
func (in *intake) pass() {
	in.number++
	in.tally.Packets++
	in.tally.NotGRE++
}

// reject counts a packet that claims protocol 47 and cannot be read.
func (in *intake) reject(why Refusal) {
	in.number++
	in.tally.Packets++
	in.refuse(1, in.number, why)
}

// take reads one packet and hands over the datagram it is or completes.
func (in *intake) take(p packet, handle Handler) {
	if !in.plain(p.at, p.ip, handle) {
		in.any(p, handle)
	}
}

// The header that plain takes: version 4 of 20 bytes, nothing of its fragment
// field but DF and the reserved bit.
const (
	plainVersion  = 0x45
	plainLen      = 20
	plainFragment = 0x3FFF
)

// plain takes the packet that nearly all are, an IPv4 datagram without options
// that is no fragment, by the shortest way. Of any other it does nothing and
// reports false. What it makes of a packet is what any makes of it.
func (in *intake) plain(at int64, ip []byte, handle Handler) bool {
	if len(ip) < plainLen || ip[0] != plainVersion || ip[9] != frame.ProtocolGRE ||
		binary.BigEndian.Uint16(ip[6:])&plainFragment != 0 {
		return false
	}
	total := int(binary.BigEndian.Uint16(ip[2:]))
	if total < plainLen {
		return false
	}
	in.number++
	d := &in.ready[in.n]
	d.At, d.Number = at, in.number
	d.Ends.IPv4, d.Ends.IsIPv6 = binary.LittleEndian.Uint64(ip[12:]), false
	d.WireLen, d.PayloadLen, d.Fragments = total, total-plainLen, 1
	if d.Truncated = total > len(ip); d.Truncated {
		in.tally.Truncated++
		total = len(ip)
	}
	d.Payload = ip[plainLen:total]
	if in.n++; in.n >= in.most {
		in.handOver(handle)
	}
	return true
}

// any takes a packet of any kind.
func (in *intake) any(p packet, handle Handler) {
	in.handOver(handle)
	ip, payload, err := frame.ParseIP(p.ip)
	if err == nil {
		ip = p.restore(ip)
	}
	switch {
	case err != nil && claimsGRE(p.ip):
		in.reject(refusalOf(err))
	case err == nil && ip.IsFragment() && mayCarryGRE(ip):
		in.join(p, fragment{ip: ip, data: payload}, handle)
	case err == nil && !ip.IsFragment() && ip.Protocol == frame.ProtocolGRE:
		in.whole(Datagram{
			At: p.at, Ends: gre.EndsOf(ip.Src, ip.Dst), Payload: payload, PayloadLen: ip.TotalLen - ip.HeaderLen,
			WireLen: ip.TotalLen, Truncated: ip.Truncated,
		}, handle)
	default:
		in.pass()
	}
}

// restore sets the length of a packet whose header leaves it to the card to fill
// in, and which a snap length cut: then what was copied is not its length.
func (p packet) restore(ip frame.IP) frame.IP {
	at := 2
	if ip.Version == 6 {
		at = 4
	}
	if p.wireLen > len(p.ip) && !ip.Truncated && binary.BigEndian.Uint16(p.ip[at:]) == 0 && ip.TotalLen > ip.HeaderLen {
		ip.TotalLen, ip.Truncated = p.wireLen, true
	}
	return ip
}

// whole hands over a packet that is a datagram by itself.
func (in *intake) whole(d Datagram, handle Handler) {
	in.number++
	in.tally.Packets++
	d.Fragments = 1
	in.deliver(d, handle)
}

// join gives a fragment to reassembly and hands over what it completes.
func (in *intake) join(p packet, f fragment, handle Handler) {
	in.number++
	in.tally.Packets++
	in.tally.Fragments++
	f.number = in.number
	whole, became := in.joiner.add(p.now, f)
	switch became {
	case repeated:
		in.tally.Duplicates++
	case completed:
		in.joined(p.at, whole, handle)
	}
}

// joined hands over an assembled datagram, if what IPv6 extension headers hid
// while it was in pieces is protocol 47.
func (in *intake) joined(at int64, whole assembled, handle Handler) {
	ip, payload, err := whole.first.Reassembled(whole.payload)
	if err != nil || ip.Protocol != frame.ProtocolGRE {
		in.tally.NotGRE += uint64(whole.fragments)
		return
	}
	in.deliver(Datagram{
		At: at, Ends: gre.EndsOf(ip.Src, ip.Dst), Payload: payload, PayloadLen: whole.length - (len(whole.payload) - len(payload)),
		WireLen: whole.wireLen, Fragments: whole.fragments, Truncated: whole.truncated,
	}, handle)
}

func (in *intake) deliver(d Datagram, handle Handler) {
	d.Number = in.number
	in.ready[0] = d
	in.tally.Datagrams++
	in.tally.Delivered += uint64(d.Fragments)
	if d.Truncated {
		in.tally.Truncated++
	}
	handle.Take(in.ready[:1])
}

// patience is how long to wait for the next packet before expire is called.
func (in *intake) patience() time.Duration {
	if in.joiner.pieces == 0 {
		return quietly
	}
	return expireEvery
}

// expire drops the fragments that have waited too long.
func (in *intake) expire(now time.Time) {
	in.joiner.expire(now)
	in.show()
}

// finish drops the fragments whose others will not come any more.
func (in *intake) finish() {
	in.joiner.flush()
	in.show()
}

// show makes the counters visible, as they are now.
func (in *intake) show() {
	in.tally.Pending, in.tally.PendingBytes = uint64(in.joiner.pieces), uint64(in.joiner.bytes)
	in.tally.show()
}

// claimsGRE reports whether a packet that cannot be parsed says in its fixed
// header that it carries protocol 47.
func claimsGRE(b []byte) bool {
	switch {
	case len(b) > 9 && b[0]>>4 == 4:
		return b[9] == frame.ProtocolGRE
	case len(b) > 6 && b[0]>>4 == 6:
		return b[6] == frame.ProtocolGRE
	}
	return false
}

// mayCarryGRE reports whether a fragment belongs to a datagram that can turn
// out to be protocol 47. Of IPv6 the fragment header may name an extension
// header that only the whole datagram shows (RFC 8200, section 4.5).
func mayCarryGRE(ip frame.IP) bool {
	return ip.Protocol == frame.ProtocolGRE || ip.Version == 6 && isExtension(ip.Protocol)
}

// nextFragment is the next header value of an IPv6 fragment header.
const nextFragment = 44

// isExtension reports whether an IPv6 next header is an extension header that
// another header follows in the clear (RFC 8200 section 4, RFC 4302).
func isExtension(next uint8) bool {
	return next == 0 || next == 43 || next == nextFragment || next == 51 || next == 60
}

func refusalOf(err error) Refusal {
	if errors.Is(err, frame.IPShort) || errors.Is(err, frame.IPExtension) {
		return RefusedOuterCut
	}
	return RefusedOuter
}
