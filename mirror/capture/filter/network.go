package filter

import (
	"encoding/binary"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/frame"
)

// direction says which of two addresses or ports is meant.
type direction uint8

const (
	either direction = iota // also where nothing is said
	src
	dst
	both
)

// Offsets in the headers behind the link's.
const (
	ipv4Fragment = 6
	ipv4Protocol = 9
	ipv4Src      = 12
	ipv4Dst      = 16

	arpSender = 14
	arpTarget = 24

	ipv6Next      = 6
	ipv6Src       = 8
	ipv6Dst       = 24
	ipv6HeaderLen = 40

	nextFragment = 44
)

// fragmentOffset are the bits of ipv4Fragment that are not 0 in later fragments.
const fragmentOffset = 0x1FFF

// sides joins what one makes of the two fields of a direction.
func (p *program) sides(d direction, srcAt, dstAt uint32, one func(at uint32) branch) branch {
	switch d {
	case src:
		return one(srcAt)
	case dst:
		return one(dstAt)
	}
	first := one(srcAt)
	second := one(dstAt)
	if d == both {
		return p.and(first, second)
	}
	return p.or(first, second)
}

// ipv4 is the test for an IPv4 address under a mask, in the header of a protocol
// that has some: ip, arp or rarp, or in any of them.
func (p *program) ipv4(at place, in protocol, address, mask uint32, d direction) branch {
	if in == anyProtocol {
		inARP := p.or(p.ipv4(at, ip, address, mask, d), p.ipv4(at, arp, address, mask, d))
		return p.or(inARP, p.ipv4(at, rarp, address, mask, d))
	}
	srcAt, dstAt := uint32(arpSender), uint32(arpTarget)
	if in == ip {
		srcAt, dstAt = ipv4Src, ipv4Dst
	}
	return p.sides(d, srcAt, dstAt, func(offset uint32) branch {
		link := p.linkProtocol(at, protocols[in].number)
		return p.and(link, p.test(masked(loadWord, at.payload+offset, mask, address)))
	})
}

// ipv6 is the test for the addresses of a prefix.
func (p *program) ipv6(at place, prefix netip.Prefix, d direction) branch {
	address := prefix.Addr().As16()
	return p.sides(d, ipv6Src, ipv6Dst, func(offset uint32) branch {
		whole := p.linkProtocol(at, protocols[ip6].number)
		for i := range 4 {
			bits := min(max(prefix.Bits()-32*i, 0), 32)
			mask := uint32(uint64(everyBit) << (32 - bits))
			word := binary.BigEndian.Uint32(address[4*i:])
			whole = p.and(whole, p.test(masked(loadWord, at.payload+offset+uint32(4*i), mask, word)))
		}
		return whole
	})
}

// ipProtocol is the test for a protocol number in IPv4, in IPv6, or in either. In
// IPv6 it is looked for in the header and behind a fragment header that follows
// it.
func (p *program) ipProtocol(at place, over layer, number uint32) branch {
	switch over {
	case onIPv4:
		v4 := p.linkProtocol(at, protocols[ip].number)
		return p.and(v4, p.test(equals(loadByte, at.payload+ipv4Protocol, number)))
	case onIPv6:
		v6 := p.linkProtocol(at, protocols[ip6].number)
		direct := p.test(equals(loadByte, at.payload+ipv6Next, number))
		fragment := p.test(equals(loadByte, at.payload+ipv6Next, nextFragment))
		behind := p.and(fragment, p.test(equals(loadByte, at.payload+ipv6HeaderLen, number)))
		return p.and(v6, p.or(direct, behind))
	}
	return p.or(p.ipProtocol(at, onIPv4, number), p.ipProtocol(at, onIPv6, number))
}

// named is the test for a protocol that has a keyword.
func (p *program) named(at place, is protocol) branch {
	f := protocols[is]
	if f.layer == onEthernet {
		return p.linkProtocol(at, f.number)
	}
	return p.ipProtocol(at, f.layer, f.number)
}

// firstFragment is the test that an IPv4 packet has a transport header.
func (p *program) firstFragment(at place) branch {
	return p.test(masked(loadHalf, at.payload+ipv4Fragment, fragmentOffset, 0))
}

// ports is the test for ports from lo to hi of a transport protocol, or of any
// that has ports.
func (p *program) ports(at place, over protocol, lo, hi uint32, d direction) branch {
	v6 := p.linkProtocol(at, protocols[ip6].number)
	v6 = p.and(v6, p.transports(at.payload+ipv6Next, over, func() branch {
		return p.sides(d, 0, 2, func(offset uint32) branch {
			return p.test(test{load: loadHalf, at: at.payload + ipv6HeaderLen + offset, mask: everyBit, lo: lo, span: hi - lo})
		})
	}))
	v4 := p.linkProtocol(at, protocols[ip].number)
	v4 = p.and(v4, p.transports(at.payload+ipv4Protocol, over, func() branch {
		first := p.firstFragment(at)
		return p.and(first, p.sides(d, 0, 2, func(offset uint32) branch {
			return p.test(test{load: loadTransport2, at: at.payload + offset, ip: at.payload, mask: everyBit, lo: lo, span: hi - lo})
		}))
	}))
	return p.or(v6, v4)
}

// transports is the test that the byte at has the number of a protocol with ports,
// or of any, and then that then. For each there is one of its own, which knows
// which it is; what is the same in the end is merged.
func (p *program) transports(at uint32, over protocol, then func() branch) branch {
	is := func(number uint8) branch {
		carried := p.test(equals(loadByte, at, uint32(number)))
		return p.and(carried, then())
	}
	if over != anyProtocol {
		return is(uint8(protocols[over].number))
	}
	any := p.or(is(frame.ProtocolSCTP), is(frame.ProtocolTCP))
	return p.or(any, is(frame.ProtocolUDP))
}
