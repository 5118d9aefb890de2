package filter

import "github.com/vspan-io/vspan/mirror/frame"

// place is where the parts of a frame are looked for. Behind a vlan all that
// follows in the expression is looked for behind one more tag.
type place struct {
	// linkType is the offset of the EtherType, payload that of what follows it.
	linkType, payload uint32
}

var untagged = place{linkType: frame.EthernetLen - 2, payload: frame.EthernetLen}

func (at place) behindTag() place {
	return place{at.linkType + frame.TagLen, at.payload + frame.TagLen}
}

// linkProtocol is the test that a frame carries a protocol of onEthernet.
func (p *program) linkProtocol(at place, number uint32) branch {
	switch number {
	case sapISO, sapIP, sapNetBEUI:
		return p.and(p.llc(at), p.test(equals(loadHalf, at.payload, number<<8|number)))
	case sapIPX:
		return p.ipx(at)
	case etherTypeATalk:
		return p.orSNAP(at, number, 0x080007)
	case etherTypeAARP:
		return p.orSNAP(at, number, 0)
	}
	if number <= etherMTU {
		return p.and(p.llc(at), p.test(equals(loadByte, at.payload, number)))
	}
	return p.test(equals(loadHalf, at.linkType, number))
}

// llc is the test for a frame of 802.3: its type is a length.
func (p *program) llc(at place) branch {
	return p.test(test{load: loadHalf, at: at.linkType, mask: everyBit, span: etherMTU})
}

// ipx is the test for the four ways in which Ethernet carries IPX.
func (p *program) ipx(at place) branch {
	typed := p.test(equals(loadHalf, at.linkType, etherTypeIPX))
	llc := p.llc(at)
	inside := p.or(p.snap(at, etherTypeIPX, 0), p.test(equals(loadByte, at.payload, sapIPX)))
	inside = p.or(inside, p.test(equals(loadHalf, at.payload, 0xFFFF)))
	return p.or(typed, p.and(llc, inside))
}

// orSNAP is the test for an EtherType, as such or in SNAP of an organization.
func (p *program) orSNAP(at place, etherType, organization uint32) branch {
	typed := p.test(equals(loadHalf, at.linkType, etherType))
	llc := p.llc(at)
	return p.or(typed, p.and(llc, p.snap(at, etherType, organization)))
}

func (p *program) snap(at place, etherType, organization uint32) branch {
	end := p.test(equals(loadWord, at.payload+4, organization<<16|etherType))
	return p.and(end, p.test(equals(loadWord, at.payload, sapSNAP<<24|sapSNAP<<16|3<<8|organization>>16)))
}

// Offsets of the addresses in an Ethernet header.
const (
	macDst = 0
	macSrc = 6
)

// mac is the test for a MAC address in a direction.
func (p *program) mac(address [6]byte, d direction) branch {
	return p.sides(d, macSrc, macDst, func(at uint32) branch {
		high := uint32(address[0])<<8 | uint32(address[1])
		low := uint32(address[2])<<24 | uint32(address[3])<<16 | uint32(address[4])<<8 | uint32(address[5])
		return p.and(p.test(equals(loadWord, at+2, low)), p.test(equals(loadHalf, at, high)))
	})
}

// tag is the test for a VLAN tag, with an id unless anyVLAN.
func (p *program) tag(at place, id uint32) branch {
	tagged := p.linkProtocol(at, uint32(frame.EtherTypeVLAN))
	tagged = p.or(tagged, p.linkProtocol(at, uint32(frame.EtherTypeQinQ)))
	tagged = p.or(tagged, p.linkProtocol(at, uint32(frame.EtherTypeQinQ2)))
	if id == anyVLAN {
		return tagged
	}
	return p.and(tagged, p.test(masked(loadHalf, at.payload, maxVLAN, id)))
}

const (
	maxVLAN = 0xFFF
	anyVLAN = maxVLAN + 1
)

// broadcast is the test for a broadcast of Ethernet, or of IPv4 where the net is
// not known: to no host or to all.
func (p *program) broadcast(at place, over protocol) branch {
	if over == ip {
		v4 := p.linkProtocol(at, protocols[ip].number)
		none := p.test(equals(loadWord, at.payload+ipv4Dst, 0))
		return p.and(v4, p.or(none, p.test(equals(loadWord, at.payload+ipv4Dst, everyBit))))
	}
	return p.mac([6]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, dst)
}

// multicast is the test for a multicast of Ethernet, IPv4 or IPv6.
func (p *program) multicast(at place, over protocol) branch {
	switch over {
	case ip:
		v4 := p.linkProtocol(at, protocols[ip].number)
		return p.and(v4, p.test(test{load: loadByte, at: at.payload + ipv4Dst, mask: everyBit, lo: 224, span: everyBit - 224}))
	case ip6:
		v6 := p.linkProtocol(at, protocols[ip6].number)
		return p.and(v6, p.test(equals(loadByte, at.payload+ipv6Dst, 0xFF)))
	}
	return p.test(masked(loadByte, macDst, 1, 1))
}
