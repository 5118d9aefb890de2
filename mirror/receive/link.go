package receive

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/receive/savefile"
)

// maxOuterTags is how many VLAN tags may stand in front of an outer packet. A
// carrier may push a tag on two that are there already.
const maxOuterTags = 4

// readable reports whether network knows the link type.
func readable(link savefile.LinkType) bool {
	switch link {
	case savefile.LinkEthernet, savefile.LinkLinuxSLL, savefile.LinkLinuxSLL2,
		savefile.LinkNull, savefile.LinkLoop,
		savefile.LinkRaw, savefile.LinkRawBSD, savefile.LinkRawOpenBSD, savefile.LinkIPv4, savefile.LinkIPv6:
		return true
	}
	return false
}

// network returns the IP packet in a link-layer frame; it is not ok where there
// is none, because the frame carries something else or is cut.
func network(link savefile.LinkType, b []byte) (ip []byte, ok bool) {
	switch link {
	case savefile.LinkEthernet:
		return behindEtherType(b, 12, 14)
	case savefile.LinkLinuxSLL:
		return behindEtherType(b, 14, 16)
	case savefile.LinkLinuxSLL2:
		return behindEtherType(b, 0, 20)
	case savefile.LinkNull, savefile.LinkLoop:
		return behindFamily(b)
	case savefile.LinkRaw, savefile.LinkRawBSD, savefile.LinkRawOpenBSD, savefile.LinkIPv4, savefile.LinkIPv6:
		return b, len(b) > 0
	}
	return nil, false
}

// behindEtherType skips a header of n bytes with the EtherType at the given
// offset, and the VLAN tags behind it.
func behindEtherType(b []byte, at, n int) (ip []byte, ok bool) {
	if len(b) < n {
		return nil, false
	}
	return untag(binary.BigEndian.Uint16(b[at:]), b[n:])
}

// untag skips the VLAN tags that b begins with when etherType announces one.
func untag(etherType uint16, b []byte) (ip []byte, ok bool) {
	for range maxOuterTags {
		if !isTag(etherType) {
			break
		}
		if len(b) < frame.TagLen {
			return nil, false
		}
		etherType, b = binary.BigEndian.Uint16(b[2:]), b[frame.TagLen:]
	}
	return b, etherType == frame.EtherTypeIPv4 || etherType == frame.EtherTypeIPv6
}

func isTag(etherType uint16) bool {
	return etherType == frame.EtherTypeVLAN || etherType == frame.EtherTypeQinQ || etherType == frame.EtherTypeQinQ2
}

// behindFamily skips the four bytes of a BSD loopback header: a protocol family
// in the byte order of the machine that captured, which the file does not say.
// Every family in question is below 256, so one end of it is the value.
func behindFamily(b []byte) (ip []byte, ok bool) {
	if len(b) < 4 {
		return nil, false
	}
	family := binary.LittleEndian.Uint32(b)
	if family > 0xFF {
		family = binary.BigEndian.Uint32(b)
	}
	switch family {
	case 2, // AF_INET everywhere
		10, 24, 28, 30: // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS
		return b[4:], true
	}
	return nil, false
}
