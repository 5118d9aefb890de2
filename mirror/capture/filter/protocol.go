package filter

import "github.com/vspan-io/vspan/mirror/frame"

// protocol is one that the language has a keyword for.
type protocol uint8

const (
	anyProtocol protocol = iota
	ether
	ip
	ip6
	arp
	rarp
	sctp
	tcp
	udp
	icmp
	icmp6
	igmp
	igrp
	pim
	vrrp
	carp
	ah
	esp
	aarp
	atalk
	decnet
	ipx
	iso
	lat
	mopdl
	moprc
	netbeui
	sca
	stp
	numProtocols
)

// layer says what a protocol is carried by.
type layer uint8

const (
	onEthernet layer = iota // with an EtherType, or an LLC SAP if below 1501
	onIPv4
	onIPv6
	onIP // of both versions
)

// Link protocols that the frame package has no name for. Those up to etherMTU
// are SAPs of 802.2.
const (
	etherMTU = 1500

	sapSTP     = 0x42
	sapIP      = 0x06
	sapSNAP    = 0xAA
	sapIPX     = 0xE0
	sapNetBEUI = 0xF0
	sapISO     = 0xFE

	etherTypeRARP     = 0x8035
	etherTypeAARP     = 0x80F3
	etherTypeATalk    = 0x809B
	etherTypeIPX      = 0x8137
	etherTypeDECnet   = 0x6003
	etherTypeLAT      = 0x6004
	etherTypeSCA      = 0x6007
	etherTypeMOPDL    = 0x6001
	etherTypeMOPRC    = 0x6002
	etherTypeLoopback = 0x9000
)

// protocolFacts is what the language knows about a protocol.
type protocolFacts struct {
	name   string
	layer  layer
	number uint32
	// bytes says that name[…] reads its header: an Ethernet type's behind the link
	// header, an IPv4 protocol's in first fragments.
	bytes bool
}

var protocols = [numProtocols]protocolFacts{
	ip:      {"ip", onEthernet, uint32(frame.EtherTypeIPv4), true},
	ip6:     {"ip6", onEthernet, uint32(frame.EtherTypeIPv6), true},
	arp:     {"arp", onEthernet, uint32(frame.EtherTypeARP), true},
	rarp:    {"rarp", onEthernet, etherTypeRARP, true},
	sctp:    {"sctp", onIP, uint32(frame.ProtocolSCTP), true},
	tcp:     {"tcp", onIP, uint32(frame.ProtocolTCP), true},
	udp:     {"udp", onIP, uint32(frame.ProtocolUDP), true},
	icmp:    {"icmp", onIPv4, uint32(frame.ProtocolICMP), true},
	icmp6:   {"icmp6", onIPv6, uint32(frame.ProtocolICMPv6), true},
	igmp:    {"igmp", onIPv4, 2, true},
	igrp:    {"igrp", onIPv4, 9, true},
	pim:     {"pim", onIP, 103, true},
	vrrp:    {"vrrp", onIPv4, 112, true},
	carp:    {"carp", onIPv4, 112, true},
	ah:      {"ah", onIP, 51, false},
	esp:     {"esp", onIP, 50, false},
	aarp:    {"aarp", onEthernet, etherTypeAARP, false},
	atalk:   {"atalk", onEthernet, etherTypeATalk, true},
	decnet:  {"decnet", onEthernet, etherTypeDECnet, true},
	ipx:     {"ipx", onEthernet, sapIPX, false},
	iso:     {"iso", onEthernet, sapISO, false},
	lat:     {"lat", onEthernet, etherTypeLAT, true},
	mopdl:   {"mopdl", onEthernet, etherTypeMOPDL, true},
	moprc:   {"moprc", onEthernet, etherTypeMOPRC, true},
	netbeui: {"netbeui", onEthernet, sapNetBEUI, false},
	sca:     {"sca", onEthernet, etherTypeSCA, true},
	stp:     {"stp", onEthernet, sapSTP, false},
}

// name is the keyword for p, or for ether one of them.
func (p protocol) name() string {
	if p == ether {
		return "ether"
	}
	return protocols[p].name
}
