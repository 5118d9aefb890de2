package filter

// primitive reads what begins with a keyword: a condition, or an accessor, which
// is a number. The qualifiers are those that it leaves for what follows.
func (p *parser) primitive() (value, qualifiers, error) {
	t := p.token
	of := t.word.protocol
	if of != anyProtocol {
		if err := p.advance(); err != nil {
			return value{}, qualifiers{}, err
		}
	}
	switch {
	case of != anyProtocol && p.token.is("["):
		n, err := p.accessor(of, t.at)
		return value{number: n}, qualifiers{}, err
	case p.token.startsHead():
		return p.head(of)
	case p.token.is("broadcast"), p.token.is("multicast"):
		b, err := p.cast(of, t.at)
		return condition(b), qualifiers{}, err
	case of == ether:
		return value{}, qualifiers{}, p.refuse(quoted(t.text)+" alone is no condition", "write ether host, ether proto, ether[…] or the like")
	case of != anyProtocol:
		return condition(p.program.named(p.place, of)), qualifiers{}, nil
	}
	b, err := p.other()
	return condition(b), qualifiers{}, err
}

// startsHead reports whether t is a qualifier other than a protocol.
func (t *token) startsHead() bool {
	switch {
	case t.kind != tokenKeyword:
		return false
	case t.text == "src", t.text == "dst", t.text == "proto":
		return true
	}
	return t.isKind()
}

// isKind reports whether t says what follows a direction.
func (t *token) isKind() bool {
	return t.is("host") || t.is("net") || t.is("port") || t.is("portrange")
}

// head reads the qualifiers behind a protocol and what they qualify.
func (p *parser) head(of protocol) (value, qualifiers, error) {
	q := qualifiers{protocol: of, given: true}
	directed := p.token.is("src") || p.token.is("dst")
	if directed {
		var err error
		if q.direction, err = p.direction(); err != nil {
			return value{}, q, err
		}
	}
	switch {
	case p.token.isKind():
		q.kind = p.token.text
	case p.token.is("proto") && directed:
		return value{}, q, p.refuse("proto has no direction", "")
	case p.token.is("proto"):
		q.kind = "proto"
	}
	if q.kind != "" {
		if err := p.advance(); err != nil {
			return value{}, q, err
		}
	}
	b, err := p.operands(q)
	return condition(b), q, err
}

// direction reads src, dst, src or dst, src and dst, and the same with dst first.
func (p *parser) direction() (direction, error) {
	first := p.token.text
	if err := p.advance(); err != nil {
		return either, err
	}
	join := p.token.text
	if !p.token.is("or") && !p.token.is("and") {
		if first == "src" {
			return src, nil
		}
		return dst, nil
	}
	if err := p.advance(); err != nil {
		return either, err
	}
	other := "dst"
	if first == "dst" {
		other = "src"
	}
	if join == "and" {
		return both, p.expect(other)
	}
	return either, p.expect(other)
}

// cast reads broadcast or multicast behind the protocol over, which begins at at.
func (p *parser) cast(over protocol, at int) (branch, error) {
	kind := p.token.text
	switch {
	case over == anyProtocol, over == ether, over == ip, over == ip6 && kind == "multicast":
	default:
		return branch{}, p.scanner.refuse(at, over.name()+" has no "+kind, "write ether "+kind+" or ip "+kind)
	}
	if kind == "broadcast" {
		return p.program.broadcast(p.place, over), p.advance()
	}
	return p.program.multicast(p.place, over), p.advance()
}

// other reads a primitive that has no qualifiers.
func (p *parser) other() (branch, error) {
	switch {
	case p.token.is("less"), p.token.is("greater"):
		return p.length()
	case p.token.is("vlan"):
		return p.vlan()
	}
	return branch{}, p.unexpected("a condition is wanted")
}

func (p *parser) length() (branch, error) {
	op := isAtMost
	if p.token.is("greater") {
		op = isAtLeast
	}
	if err := p.advance(); err != nil {
		return branch{}, err
	}
	bytes, err := p.expectNumber("a number of bytes")
	if err != nil {
		return branch{}, err
	}
	return p.program.test(test{load: loadLength, mask: everyBit}.within(op, bytes)), nil
}

// vlan reads vlan and perhaps an id. All that follows in the expression is looked
// for behind the tag.
func (p *parser) vlan() (branch, error) {
	if err := p.advance(); err != nil {
		return branch{}, err
	}
	id := uint32(anyVLAN)
	if p.token.kind == tokenNumber || p.token.is("(") {
		n, at, err := p.plainNumber()
		if err != nil {
			return branch{}, err
		}
		if id = n; id > maxVLAN {
			return branch{}, p.scanner.refuse(at, "a VLAN id is at most 4095", "")
		}
	}
	b := p.program.tag(p.place, id)
	p.place = p.place.behindTag()
	return b, nil
}

// plainNumber reads a number, perhaps in parentheses.
func (p *parser) plainNumber() (n uint32, at int, err error) {
	if !p.token.is("(") {
		at = p.token.at
		n, err = p.expectNumber("a number")
		return n, at, err
	}
	if err := p.enter(); err != nil {
		return 0, 0, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return 0, 0, err
	}
	if n, at, err = p.plainNumber(); err != nil {
		return 0, 0, err
	}
	return n, at, p.expect(")")
}
