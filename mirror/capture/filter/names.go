package filter

import (
	"strconv"
	"strings"
	"sync"
)

// port is a named one, of tcp, of udp, or of any protocol that has ports.
type port struct {
	number   uint32
	protocol protocol
}

// ports are the names that can be used for ports. The protocols are those of the
// common /etc/services, which libpcap asks, so that port http is about TCP alone.
var ports = sync.OnceValue(func() map[string]port {
	return map[string]port{
		"ftp-data": {20, tcp}, "ftp": {21, tcp}, "ssh": {22, tcp}, "telnet": {23, tcp}, "smtp": {25, tcp},
		"domain": {53, anyProtocol}, "bootps": {67, udp}, "bootpc": {68, udp}, "tftp": {69, udp}, "http": {80, tcp},
		"kerberos": {88, anyProtocol}, "pop3": {110, tcp}, "sunrpc": {111, anyProtocol}, "ntp": {123, udp},
		"netbios-ns": {137, udp}, "netbios-dgm": {138, udp}, "netbios-ssn": {139, tcp}, "imap2": {143, tcp},
		"snmp": {161, anyProtocol}, "snmp-trap": {162, anyProtocol}, "bgp": {179, tcp}, "ldap": {389, anyProtocol},
		"https": {443, anyProtocol}, "microsoft-ds": {445, tcp}, "submission": {587, tcp}, "ldaps": {636, anyProtocol},
		"imaps": {993, tcp}, "pop3s": {995, tcp}, "isakmp": {500, udp}, "syslog": {514, anyProtocol},
		"rtsp": {554, anyProtocol}, "radius": {1812, anyProtocol}, "radius-acct": {1813, anyProtocol},
		"nfs": {2049, anyProtocol}, "mysql": {3306, tcp}, "postgresql": {5432, tcp}, "ms-wbt-server": {3389, tcp},
		"sip": {5060, anyProtocol}, "sip-tls": {5061, anyProtocol}, "mdns": {5353, udp}, "amqp": {5672, tcp},
		"x11": {6000, tcp}, "iscsi-target": {3260, tcp}, "ms-sql-s": {1433, tcp}, "xmpp-client": {5222, tcp},
		"openvpn": {1194, anyProtocol}, "tacacs": {49, anyProtocol}, "discard": {9, anyProtocol}, "echo": {7, anyProtocol},
		"time": {37, anyProtocol}, "whois": {43, tcp}, "finger": {79, tcp}, "dhcpv6-client": {546, udp},
		"dhcpv6-server": {547, udp}, "rsync": {873, tcp}, "domain-s": {853, anyProtocol},
	}
})

// protocolNumbers are the names behind proto, as in /etc/protocols. A name that
// is a keyword too needs a backslash before it.
var protocolNumbers = sync.OnceValue(func() map[string]uint32 {
	return map[string]uint32{
		"ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "IP-ENCAP": 4, "st": 5, "tcp": 6, "egp": 8,
		"igp": 9, "pup": 12, "udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36,
		"ddp": 37, "idpr-cmtp": 38, "ipv6": 41, "IPv6": 41, "ipv6-route": 43, "IPv6-Route": 43, "ipv6-frag": 44,
		"IPv6-Frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "IPSEC-ESP": 50, "ah": 51, "IPSEC-AH": 51,
		"skip": 57, "ipv6-icmp": 58, "IPv6-ICMP": 58, "ipv6-nonxt": 59, "IPv6-NoNxt": 59, "ipv6-opts": 60, "IPv6-Opts": 60,
		"rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "OSPFIGP": 89, "ax.25": 93, "ipip": 94, "etherip": 97, "encap": 98,
		"pim": 103, "ipcomp": 108, "vrrp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135,
		"Mobility-Header": 135, "udplite": 136, "UDPLite": 136, "mpls-in-ip": 137, "MPLS-in-IP": 137, "manet": 138,
		"hip": 139, "shim6": 140, "Shim6": 140, "wesp": 141, "rohc": 142, "ethernet": 143, "Ethernet": 143,
	}
})

// protocolNumber is the number behind proto that name stands for. Names of
// capitals are those of small letters too.
func protocolNumber(name string) (number uint32, known bool) {
	if number, known = protocolNumbers()[name]; !known && name == strings.ToUpper(name) {
		number, known = protocolNumbers()[strings.ToLower(name)]
	}
	return number, known
}

// etherType is the number behind ether proto that name stands for. The names are
// those of protocols with an EtherType or a SAP, and loopback.
func etherType(name string) (number uint32, known bool) {
	if name == "loopback" {
		return etherTypeLoopback, true
	}
	k := keywords()[name]
	f := protocols[k.protocol]
	return f.number, k.protocol > ether && f.layer == onEthernet
}

// portNamed is the port that a name or a decimal number stands for.
func portNamed(name string) (port, bool) {
	if named, known := ports()[name]; known {
		return named, true
	}
	number, err := strconv.ParseUint(name, 10, 32)
	return port{number: uint32(number)}, err == nil
}
