package filter

// of reads size bytes from the byte index of the header of a protocol on.
func (index number) of(of protocol, at place, size uint32) number {
	carried := guard{guardProtocol, at, of}
	switch {
	case of == ether:
		return index.access(0, false, size)
	case of == icmp6:
		index.guards = append(index.guards, guard{guardProtocol, at, ip6}, guard{guardNextHeader, at, icmp6})
		return index.access(at.payload+ipv6HeaderLen, false, size)
	case protocols[of].layer == onEthernet:
		index.guards = append(index.guards, carried)
		return index.access(at.payload, false, size)
	}
	guards := append([]guard{{guardProtocol, at, ip}}, index.guards...)
	index.guards = append(guards, carried, guard{guardFirstFragment, at, of})
	return index.access(at.payload, true, size)
}

func (p *program) guard(g guard) branch {
	switch g.kind {
	case guardFirstFragment:
		return p.firstFragment(g.at)
	case guardNextHeader:
		return p.test(equals(loadByte, g.at.payload+ipv6Next, protocols[g.of].number))
	}
	return p.named(g.at, g.of)
}

// compare is the test that the frame has what a and b are read from, and that
// they compare as c says.
func (p *program) compare(a number, c comparison, b number) branch {
	var guarded *branch
	then := func(next branch) {
		if guarded != nil {
			next = p.and(*guarded, next)
		}
		guarded = &next
	}
	for _, g := range a.guards {
		then(p.guard(g))
	}
	for _, g := range b.guards {
		then(p.guard(g))
	}
	last := p.test(p.comparison(a, c.operation, b))
	if c.not {
		last = not(last)
	}
	then(last)
	return *guarded
}

// comparison is the test that a op b, in the shortest form.
func (p *program) comparison(a number, op operation, b number) test {
	v, aKnown := a.constant()
	w, bKnown := b.constant()
	switch {
	case aKnown && bKnown:
		outcome, _ := calculate(op, v, w)
		return always(outcome == 1)
	case bKnown:
		return p.field(a).within(op, w)
	case aKnown:
		return p.field(b).within(mirrored(op), v)
	}
	steps := append(append(a.steps, b.steps...), step{operation: op})
	t := p.computed(steps)
	t.lo = 1
	return t
}

// isBelow and isAtMost are the mirrored comparisons. They are no steps.
const (
	isBelow  = isAtLeast + 1
	isAtMost = isAtLeast + 2
)

// mirrored is the operation for b op a.
func mirrored(op operation) operation {
	switch op {
	case isGreater:
		return isBelow
	case isAtLeast:
		return isAtMost
	}
	return op
}

// within makes of t the test that its field op v.
func (t test) within(op operation, v uint32) test {
	switch {
	case op == isGreater && v == everyBit, op == isBelow && v == 0:
		t.mask, t.lo = 0, 1 // what is never so is still read
	case op == isGreater:
		t.lo, t.span = v+1, everyBit-(v+1)
	case op == isAtLeast:
		t.lo, t.span = v, everyBit-v
	case op == isBelow:
		t.span = v - 1
	case op == isAtMost:
		t.span = v
	default:
		t.lo = v
	}
	return t
}

// field is a test of n, which is not constant, without the values that it looks
// for. If n is one field of the frame under a mask, nothing needs to be computed.
func (p *program) field(n number) test {
	steps, mask := n.steps, uint32(everyBit)
	if len(steps) == 3 && steps[2].operation == bitAnd {
		switch {
		case steps[1].operation == push:
			steps, mask = steps[:1], steps[1].value
		case steps[0].operation == push:
			steps, mask = steps[1:2], steps[0].value
		}
	}
	if len(steps) == 1 {
		switch s := steps[0]; s.operation {
		case pushLength:
			return test{load: loadLength, mask: mask}
		case pushRead:
			t := test{load: s.load, at: s.value, mask: mask}
			if s.load >= loadTransport1 {
				t.ip = s.ip
			}
			return t
		}
	}
	return p.computed(n.steps)
}

// computed is a test of the result of steps.
func (p *program) computed(steps []step) test {
	from := uint32(len(p.steps))
	p.steps = append(p.steps, steps...)
	return test{load: loadComputed, at: from, ip: uint32(len(p.steps)), mask: everyBit}
}
