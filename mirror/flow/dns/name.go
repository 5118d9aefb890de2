package dns

import "strconv"

var typeNames = [...]string{
	TypeA: "A", TypeNS: "NS", TypeCNAME: "CNAME", TypeSOA: "SOA", TypePTR: "PTR", TypeMX: "MX", TypeTXT: "TXT", TypeAAAA: "AAAA", TypeSRV: "SRV",
	TypeOPT: "OPT", 43: "DS", 46: "RRSIG", 47: "NSEC", 48: "DNSKEY", 64: "SVCB", 65: "HTTPS", 252: "AXFR", 255: "ANY", 257: "CAA",
}

// TypeName is the name of a type; TYPE99 (RFC 3597 section 5) of one that is not known.
func TypeName(t uint16) string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return "TYPE" + strconv.Itoa(int(t))
}

var codeNames = [...]string{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"}

// CodeName is the name of an RCODE; RCODE11 of one that is not known.
func CodeName(c uint8) string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return "RCODE" + strconv.Itoa(int(c))
}
