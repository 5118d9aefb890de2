package receive

import (
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
)

// expireEvery is how often a live source looks for fragments that waited too
// long while no others arrive. It bounds how late the drop is counted.
const expireEvery = 250 * time.Millisecond

const ipv6HeaderLen = 40

// maxPacket is the longest outer IP packet there is: an IPv6 header and the
// longest payload its 16-bit length can say (RFC 8200, section 3).
const maxPacket = ipv6HeaderLen + 65535

// packet is one outer IP packet as a source got it.
type packet struct {
	at  time.Time // when it arrived: Datagram.Time
	now time.Time // the clock of reassembly
	ip  []byte
}

// intake is what all sources share: it parses outer headers, reassembles and
// counts. Only the goroutine of Run uses it, the tally excepted.
type intake struct {
	tally    tally
	number   uint64
	joiner   *reassembler
	refused  RefusedFunc
	datagram Datagram // reused, so that delivering allocates nothing
}

func newIntake(limits Limits, refused RefusedFunc) *intake {
	in := &intake{refused: refused}
	in.joiner = newReassembler(limits, in.refuse)
	return in
}

// refuse counts packets that cannot be delivered.
func (in *intake) refuse(packets int, number uint64, why Refusal) {
	in.tally.refused[why].Add(uint64(packets))
	if in.refused != nil {
		in.refused(number, why)
	}
}

// pass counts a packet that is of no interest.
func (in *intake) pass() {
	in.number++
	in.tally.packets.Add(1)
	in.tally.notGRE.Add(1)
}

// reject counts a packet that claims protocol 47 and cannot be read.
func (in *intake) reject(why Refusal) {
	in.number++
	in.tally.packets.Add(1)
	in.refuse(1, in.number, why)
}

// take reads one packet and hands over the datagram it is or completes.
func (in *intake) take(p packet, handle Handler) {
	ip, payload, err := frame.ParseIP(p.ip)
	switch {
	case err != nil && claimsGRE(p.ip):
		in.reject(refusalOf(err))
	case err == nil && ip.IsFragment() && mayCarryGRE(ip):
		in.join(p, fragment{ip: ip, data: payload}, handle)
	case err == nil && !ip.IsFragment() && ip.Protocol == frame.ProtocolGRE:
		in.whole(Datagram{
			Time: p.at, Src: ip.Src, Dst: ip.Dst, Payload: payload, WireLen: ip.TotalLen, Truncated: ip.Truncated,
		}, handle)
	default:
		in.pass()
	}
}

// whole hands over a packet that is a datagram by itself.
func (in *intake) whole(d Datagram, handle Handler) {
	in.number++
	in.tally.packets.Add(1)
	d.Fragments = 1
	in.deliver(d, handle)
}

// join gives a fragment to reassembly and hands over what it completes.
func (in *intake) join(p packet, f fragment, handle Handler) {
	in.number++
	in.tally.packets.Add(1)
	in.tally.fragments.Add(1)
	f.number = in.number
	whole, became := in.joiner.add(p.now, f)
	in.gauge()
	switch became {
	case repeated:
		in.tally.duplicates.Add(1)
	case completed:
		in.joined(p.at, whole, handle)
	}
}

// joined hands over an assembled datagram, if what IPv6 extension headers hid
// while it was in pieces is protocol 47.
func (in *intake) joined(at time.Time, whole assembled, handle Handler) {
	ip, payload, err := whole.first.Reassembled(whole.payload)
	if err != nil || ip.Protocol != frame.ProtocolGRE {
		in.tally.notGRE.Add(uint64(whole.fragments))
		return
	}
	in.deliver(Datagram{
		Time: at, Src: ip.Src, Dst: ip.Dst, Payload: payload,
		WireLen: whole.wireLen, Fragments: whole.fragments, Truncated: whole.truncated,
	}, handle)
}

func (in *intake) deliver(d Datagram, handle Handler) {
	d.Number = in.number
	in.datagram = d
	in.tally.datagrams.Add(1)
	in.tally.delivered.Add(uint64(d.Fragments))
	if d.Truncated {
		in.tally.truncated.Add(1)
	}
	handle.Take(&in.datagram)
}

// expire drops the fragments that have waited too long.
func (in *intake) expire(now time.Time) {
	in.joiner.expire(now)
	in.gauge()
}

// finish drops the fragments whose others will not come any more.
func (in *intake) finish() {
	in.joiner.flush()
	in.gauge()
}

func (in *intake) gauge() {
	in.tally.pending.Store(uint64(in.joiner.pieces))
	in.tally.pendingBytes.Store(uint64(in.joiner.bytes))
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
