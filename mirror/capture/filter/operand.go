package filter

import (
	"fmt"
	"net/netip"
	"strings"
)

// operands reads what qualifiers are about: one operand, with nots before it, or
// some in parentheses, joined by and and or.
func (p *parser) operands(q qualifiers) (branch, error) {
	if err := p.enter(); err != nil {
		return branch{}, err
	}
	defer p.leave()
	switch {
	case p.token.is("not"):
		if err := p.advance(); err != nil {
			return branch{}, err
		}
		b, err := p.operands(q)
		return not(b), err
	case !p.token.is("("):
		return p.operand(q)
	}
	if err := p.advance(); err != nil {
		return branch{}, err
	}
	all, err := p.operands(q)
	for err == nil && (p.token.is("and") || p.token.is("or")) {
		join := p.program.or
		if p.token.is("and") {
			join = p.program.and
		}
		if err = p.advance(); err != nil {
			break
		}
		var next branch
		if next, err = p.operands(q); err == nil {
			all = join(all, next)
		}
	}
	if err != nil {
		return branch{}, err
	}
	return all, p.expect(")")
}

// operand reads one address, net, port or protocol.
func (p *parser) operand(q qualifiers) (branch, error) {
	t := p.token
	switch t.kind {
	case tokenNumber, tokenIPv4, tokenIPv6, tokenMAC, tokenName:
	case tokenKeyword:
		return branch{}, p.unexpected(q.wanted() + ` is wanted; a name that is also a keyword needs a backslash before it`)
	default:
		return branch{}, p.unexpected(q.wanted() + " is wanted")
	}
	if err := p.advance(); err != nil {
		return branch{}, err
	}
	if q.protocol == ether && t.kind != tokenMAC && (q.kind == "" || q.kind == "host") {
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" is not a MAC address", "ether host wants one, as in ether host 00:50:56:01:02:03")
	}
	switch t.kind {
	case tokenNumber:
		return p.numeric(q, t.value, t.at)
	case tokenIPv4:
		return p.ipv4(q, t)
	case tokenIPv6:
		return p.ipv6(q, t)
	case tokenMAC:
		if q.protocol != ether || q.kind != "" && q.kind != "host" {
			return branch{}, p.scanner.refuse(t.at, "a MAC address stands here, where "+q.wanted()+" is wanted", "write ether host, ether src or ether dst before it")
		}
		return p.program.mac(parseMAC(t.text), q.direction), nil
	}
	return p.name(q, t)
}

// wanted says in words what q is about.
func (q qualifiers) wanted() string {
	switch q.kind {
	case "port":
		return "a port"
	case "portrange":
		return "a range of ports"
	case "proto":
		return "a protocol"
	case "net":
		return "a net"
	}
	return "an address"
}

// numeric is what the number n at the offset at means behind q.
func (p *parser) numeric(q qualifiers, n uint32, at int) (branch, error) {
	switch {
	case !q.given:
		return branch{}, p.scanner.refuse(at, fmt.Sprintf("%d has nothing before it that says what it is", n), "write host, net, port or proto before it")
	case q.kind == "port" || q.kind == "portrange":
		return p.ports(q, anyProtocol, n, n, at)
	case q.kind == "proto":
		return p.proto(q, n, at)
	}
	mask := uint32(everyBit)
	for q.kind == "net" && n != 0 && n < 1<<24 {
		n, mask = n<<8, mask<<8
	}
	return p.addresses(q, n, mask, at)
}

// ipv4 reads what may be behind the IPv4 address or net t.
func (p *parser) ipv4(q qualifiers, t token) (branch, error) {
	address, bits := parseIPv4(t.text)
	if bits == 0 {
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" is not an IPv4 address", "")
	}
	mask := uint32(everyBit) << (32 - bits)
	switch {
	case p.token.is("/"), p.token.is("mask"):
		var err error
		if mask, err = p.mask(q); err != nil {
			return branch{}, err
		}
	case q.kind == "port" || q.kind == "portrange" || q.kind == "proto":
		return branch{}, p.scanner.refuse(t.at, "an IPv4 address stands here, where "+q.wanted()+" is wanted", "")
	}
	if address&^mask != 0 {
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" has bits behind its mask", "clear them: a net ends with zeros")
	}
	return p.addresses(q, address, mask, t.at)
}

// mask reads / and a length, or mask and an IPv4 address.
func (p *parser) mask(q qualifiers) (uint32, error) {
	if q.kind != "net" {
		return 0, p.refuse("a mask stands behind what is no net", "write net before the address")
	}
	asLength := p.token.is("/")
	if err := p.advance(); err != nil {
		return 0, err
	}
	t := p.token
	if asLength {
		length, err := p.expectNumber("the length of a prefix")
		if err == nil && length > 32 {
			err = p.scanner.refuse(t.at, "the prefix of an IPv4 net has at most 32 bits", "")
		}
		return uint32(uint64(everyBit) << (32 - min(length, 32))), err
	}
	if t.kind == tokenIPv4 {
		if mask, bits := parseIPv4(t.text); bits > 0 {
			return mask, p.advance()
		}
	}
	return 0, p.unexpected("a mask such as 255.255.255.0 is wanted")
}

// addresses is the test for the IPv4 address or net that begins at at.
func (p *parser) addresses(q qualifiers, address, mask uint32, at int) (branch, error) {
	switch q.protocol {
	case anyProtocol, ip, arp, rarp:
		return p.program.ipv4(p.place, q.protocol, address, mask, q.direction), nil
	}
	return branch{}, p.scanner.refuse(at, q.protocol.name()+" has no IPv4 addresses", "write host, ip host, arp host or rarp host, and "+q.protocol.name()+" apart from it")
}

// ipv6 reads what may be behind the IPv6 address t.
func (p *parser) ipv6(q qualifiers, t token) (branch, error) {
	length := uint32(128)
	if p.token.is("/") {
		if err := p.advance(); err != nil {
			return branch{}, err
		}
		at := p.token.at
		var err error
		if length, err = p.expectNumber("the length of a prefix"); err != nil {
			return branch{}, err
		}
		if length > 128 {
			return branch{}, p.scanner.refuse(at, "the prefix of an IPv6 net has at most 128 bits", "")
		}
	}
	address, err := netip.ParseAddr(t.text)
	prefix := netip.PrefixFrom(address, int(length))
	switch {
	case err != nil:
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" is not an IPv6 address", "")
	case q.kind == "port" || q.kind == "portrange" || q.kind == "proto":
		return branch{}, p.scanner.refuse(t.at, "an IPv6 address stands here, where "+q.wanted()+" is wanted", "")
	case q.protocol != anyProtocol && q.protocol != ip6:
		return branch{}, p.scanner.refuse(t.at, q.protocol.name()+" has no IPv6 addresses", "write host or ip6 host, and "+q.protocol.name()+" apart from it")
	case q.kind != "net" && length != 128:
		return branch{}, p.scanner.refuse(t.at, "a mask stands behind what is no net", "write net before the address")
	case prefix.Masked() != prefix:
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" has bits behind its mask", "clear them: a net ends with zeros")
	}
	return p.program.ipv6(p.place, prefix, q.direction), nil
}

// name is what the word t means behind q.
func (p *parser) name(q qualifiers, t token) (branch, error) {
	switch q.kind {
	case "port":
		known, ok := portNamed(t.text)
		if !ok {
			return branch{}, p.unknownPort(t, t.text)
		}
		return p.ports(q, known.protocol, known.number, known.number, t.at)
	case "portrange":
		return p.portRange(q, t)
	case "proto":
		number, known := protocolNumber(t.text)
		if q.protocol == ether {
			number, known = etherType(t.text)
		}
		if !known {
			return branch{}, p.scanner.refuse(t.at, "the protocol "+quoted(t.text)+" is not known", "write its number")
		}
		return p.proto(q, number, t.at)
	}
	return branch{}, p.scanner.refuse(t.at, "the name "+quoted(t.text)+" is not looked up", "write an address: names are not resolved")
}

// proto is the test for a protocol number that begins at at.
func (p *parser) proto(q qualifiers, number uint32, at int) (branch, error) {
	switch q.protocol {
	case anyProtocol:
		return p.program.ipProtocol(p.place, onIP, number), nil
	case ip:
		return p.program.ipProtocol(p.place, onIPv4, number), nil
	case ip6:
		return p.program.ipProtocol(p.place, onIPv6, number), nil
	case ether:
		return p.program.linkProtocol(p.place, number), nil
	}
	return branch{}, p.scanner.refuse(at, q.protocol.name()+" carries no other protocol that could be named", "write ether proto, ip proto, ip6 proto or proto")
}

// portRange is the test for the ports that t names, first and last.
func (p *parser) portRange(q qualifiers, t token) (branch, error) {
	first, last, isRange := strings.Cut(t.text, "-")
	if !isRange {
		return branch{}, p.scanner.refuse(t.at, quoted(t.text)+" is not a range of ports", "write it as 6000-6008, without spaces")
	}
	lo, ok := portNamed(first)
	if !ok {
		return branch{}, p.unknownPort(t, first)
	}
	hi, ok := portNamed(last)
	if !ok {
		return branch{}, p.unknownPort(t, last)
	}
	of := lo.protocol
	if hi.protocol != of {
		of = anyProtocol
	}
	return p.ports(q, of, lo.number, hi.number, t.at)
}

func (p *parser) unknownPort(t token, name string) error {
	return p.scanner.refuse(t.at, "the port "+quoted(name)+" is not known", "write its number, or portrange before two with a dash between")
}

// ports is the test for ports which, by their name, are of a protocol.
func (p *parser) ports(q qualifiers, of protocol, lo, hi uint32, at int) (branch, error) {
	const maxPort = 1<<16 - 1
	switch q.protocol {
	case anyProtocol:
	case tcp, udp, sctp:
		if of != anyProtocol && of != q.protocol {
			return branch{}, p.scanner.refuse(at, "this port is one of "+of.name(), "")
		}
		of = q.protocol
	default:
		return branch{}, p.scanner.refuse(at, q.protocol.name()+" has no ports", "write port, tcp port, udp port or sctp port")
	}
	if max(lo, hi) > maxPort {
		return branch{}, p.scanner.refuse(at, "a port is at most 65535", "")
	}
	return p.program.ports(p.place, of, min(lo, hi), max(lo, hi), q.direction), nil
}
