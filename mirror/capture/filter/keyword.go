package filter

import "sync"

// keyword is what a word of the language stands for.
type keyword struct {
	// protocol is the one it names, anyProtocol if none.
	protocol protocol
	// numeric says that it is a name for value.
	numeric bool
	value   uint32
	// refusal is the rest of a sentence about a word that is not for us.
	refusal string
}

// keywords are made when the first expression is compiled, because many programs never compile one.
var keywords = sync.OnceValue(makeKeywords)

// otherWords are those that stand for themselves.
var otherWords = []string{
	"src", "dst", "host", "net", "mask", "port", "portrange", "proto", "and", "or", "not", "less", "greater",
	"broadcast", "multicast", "vlan", "len", "length",
}

// numbers are the names of header fields, of their values and of flags.
func numbers() map[string]uint32 {
	return map[string]uint32{
		"icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1,
		"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8,
		"icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13,
		"icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
		"icmp6-destinationunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
		"icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-multicastlistenerquery": 130,
		"icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133,
		"icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
		"icmp6-routerrenum": 138, "icmp6-nodeinformationquery": 139, "icmp6-nodeinformationresponse": 140,
		"icmp6-ineighbordiscoverysolicit": 141, "icmp6-ineighbordiscoveryadvert": 142,
		"icmp6-multicastlistenerreportv2": 143, "icmp6-homeagentdiscoveryrequest": 144,
		"icmp6-homeagentdiscoveryreply": 145, "icmp6-mobileprefixsolicit": 146, "icmp6-mobileprefixadvert": 147,
		"icmp6-certpathsolicit": 148, "icmp6-certpathadvert": 149, "icmp6-multicastrouteradvert": 151,
		"icmp6-multicastroutersolicit": 152, "icmp6-multicastrouterterm": 153,
		"tcpflags": 13, "tcp-fin": 0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08, "tcp-ack": 0x10,
		"tcp-urg": 0x20, "tcp-ece": 0x40, "tcp-cwr": 0x80,
	}
}

// refusals are the words that libpcap has and we refuse, by the rest of the
// sentence about them.
func refusals() map[string][]string {
	return map[string][]string{
		"is not supported: it needs names to be looked up; write ether host MAC and not host ADDRESS":            {"gateway"},
		"is not supported: only the first header behind IP is looked at; compare bytes, as in ip6[40] = 6":       {"protochain"},
		"is not supported: a filter is about the frame, not about its direction":                                 {"inbound", "outbound"},
		"is not supported: frames of mirrors have no interface or firewall rule":                                 {"ifindex", "on", "ifname", "rset", "ruleset", "rnr", "rulenum", "srnr", "subrulenum", "reason", "action"},
		"is not supported: tunnels inside of mirrored frames are not looked into; compare bytes, as in udp[8:4]": {"mpls", "pppoed", "pppoes", "geneve"},
		"is not supported: compare bytes, as in ether[14] = 0x42":                                                {"llc", "esis", "es-is", "isis", "is-is", "clnp", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp"},
		"is not supported: it was never documented; write ether[…] instead":                                      {"byte"},
		"is not supported: it belongs to Wi-Fi, and mirrored frames are Ethernet":                                {"type", "subtype", "direction", "dir", "addr1", "address1", "addr2", "address2", "addr3", "address3", "addr4", "address4", "ra", "ta", "radio"},
		"is not supported: it belongs to ATM or SS7, and mirrored frames are Ethernet":                           {"lane", "metac", "bcc", "oam", "oamf4", "oamf4ec", "oamf4sc", "sc", "ilmic", "vpi", "vci", "connectmsg", "metaconnect", "fisu", "lssu", "lsu", "msu", "hfisu", "hlssu", "hmsu", "sio", "opc", "dpc", "sls", "hsio", "hopc", "hdpc", "hsls"},
	}
}

func makeKeywords() map[string]keyword {
	words := make(map[string]keyword)
	for p := ip; p < numProtocols; p++ {
		words[protocols[p].name] = keyword{protocol: p}
	}
	for _, w := range []string{"ether", "link", "fddi", "tr", "wlan", "ppp", "slip"} {
		words[w] = keyword{protocol: ether}
	}
	for _, w := range otherWords {
		words[w] = keyword{}
	}
	for w, v := range numbers() {
		words[w] = keyword{numeric: true, value: v}
	}
	for why, refused := range refusals() {
		for _, w := range refused {
			words[w] = keyword{refusal: why}
		}
	}
	return words
}
