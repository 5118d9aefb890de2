package savefile

// LinkType is the kind of header that packets begin with, as numbered at
// https://www.tcpdump.org/linktypes.html.
type LinkType uint16

// The link types under which IP is found, and those with packets of more than
// the usual size.
const (
	LinkNull       LinkType = 0 // BSD loopback
	LinkEthernet   LinkType = 1
	LinkRawBSD     LinkType = 12  // what most BSDs number LinkRaw
	LinkRawOpenBSD LinkType = 14  // what OpenBSD numbers it
	LinkRaw        LinkType = 101 // IPv4 or IPv6
	LinkLoop       LinkType = 108 // OpenBSD loopback
	LinkLinuxSLL   LinkType = 113
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkDBus       LinkType = 231
	LinkUSBPcap    LinkType = 249
	LinkLinuxSLL2  LinkType = 276
	LinkEBHSCR     LinkType = 279
)

// The most bytes that libpcap and Wireshark capture of a packet, and of one of a
// link with huge ones; where a record says more it is damaged.
const (
	maxPacket     = 1 << 18
	maxHugePacket = 1 << 23
)

// maxData bounds the captured bytes of a packet of the link type.
func (l LinkType) maxData() uint32 {
	switch l {
	case LinkDBus, LinkUSBPcap, LinkEBHSCR:
		return maxHugePacket
	}
	return maxPacket
}
