package filter

// Precedences of operators; a higher one binds closer. The unary minus has the
// highest. libpcap's grammar has none for % and ^: whatever is to the left of
// them they bind closer, and to the right they take all there is.
const (
	lowest = iota + 1
	precedenceOr
	precedenceAnd
	precedenceShift
	precedenceSum
	precedenceProduct
	precedenceUnary
)

type operator struct {
	operation  operation
	precedence int
	greedy     bool
}

var operators = map[string]operator{
	"|":  {bitOr, precedenceOr, false},
	"&":  {bitAnd, precedenceAnd, false},
	"<<": {shiftLeft, precedenceShift, false},
	">>": {shiftRight, precedenceShift, false},
	"+":  {add, precedenceSum, false},
	"-":  {subtract, precedenceSum, false},
	"*":  {multiply, precedenceProduct, false},
	"/":  {divide, precedenceProduct, false},
	"%":  {modulo, precedenceUnary, true},
	"^":  {bitXor, precedenceUnary, true},
}

// comparison is an operator between numbers: op, or not op.
type comparison struct {
	operation operation
	not       bool
}

var comparisons = map[string]comparison{
	"=": {isEqual, false}, "!=": {isEqual, true},
	">": {isGreater, false}, "<=": {isGreater, true},
	">=": {isAtLeast, false}, "<": {isAtLeast, true},
}

func (t *token) isComparison() bool {
	_, ok := comparisons[t.text]
	return ok && t.kind == tokenSign
}

// binary reads operands and the operators between them that bind at least as
// close as least. A condition is an operand that no operator can follow.
func (p *parser) binary(q qualifiers, least int) (value, qualifiers, error) {
	if err := p.enter(); err != nil {
		return value{}, q, err
	}
	defer p.leave()
	left, q, err := p.primary(q)
	for err == nil && !left.isCondition && p.token.kind == tokenSign {
		o, ok := operators[p.token.text]
		if !ok || o.precedence < least && !o.greedy {
			break
		}
		left, err = p.operate(left.number, o)
	}
	return left, q, err
}

// operate reads the operator o and what is to the right of it.
func (p *parser) operate(left number, o operator) (value, error) {
	if err := p.advance(); err != nil {
		return value{}, err
	}
	least := o.precedence + 1
	if o.greedy {
		least = lowest
	}
	at := p.token
	right, err := p.arithmetic(least)
	if err != nil {
		return value{}, err
	}
	if v, known := right.constant(); known {
		switch {
		case v == 0 && (o.operation == divide || o.operation == modulo):
			return value{}, p.scanner.refuse(at.at, "this divides by zero", "")
		case v > 31 && (o.operation == shiftLeft || o.operation == shiftRight):
			return value{}, p.scanner.refuse(at.at, "this shifts by more than 31 bits", "")
		}
	}
	n := left.with(o.operation, right)
	if n.depth > maxStack {
		return value{}, p.scanner.refuse(at.at, "the computation is too complicated", "put what is in parentheses to the left")
	}
	return value{number: n}, nil
}

// arithmetic reads a number that may be computed.
func (p *parser) arithmetic(least int) (number, error) {
	at := p.token
	v, _, err := p.binary(qualifiers{}, least)
	if err == nil && v.isCondition {
		err = p.scanner.refuse(at.at, "a number is wanted here, and this is a condition", "")
	}
	return v.number, err
}

// numeral reads a number as written, len, or the negative of what follows.
func (p *parser) numeral() (number, error) {
	t := p.token
	if err := p.advance(); err != nil {
		return number{}, err
	}
	switch {
	case t.is("-"):
		n, err := p.arithmetic(precedenceUnary)
		return n.negated(), err
	case t.is("len"):
		return number{steps: []step{{operation: pushLength}}, depth: 1}, nil
	}
	n := constant(t.value)
	n.plain, n.at = true, t.at
	return n, nil
}

// relation reads a comparison and what is to the right of it.
func (p *parser) relation(left number) (value, error) {
	c := comparisons[p.token.text]
	if err := p.advance(); err != nil {
		return value{}, err
	}
	at := p.token
	right, err := p.arithmetic(lowest)
	if err != nil {
		return value{}, err
	}
	if max(left.depth, 1+right.depth) > maxStack {
		return value{}, p.scanner.refuse(at.at, "the computation is too complicated", "put what is in parentheses to the left")
	}
	return condition(p.program.compare(left, c, right)), nil
}

// accessor reads the brackets behind a protocol: the index, and perhaps the
// number of bytes.
func (p *parser) accessor(of protocol, at int) (number, error) {
	if err := p.advance(); err != nil {
		return number{}, err
	}
	index, err := p.arithmetic(lowest)
	if err != nil {
		return number{}, err
	}
	size := uint32(1)
	if p.token.is(":") {
		if err := p.advance(); err != nil {
			return number{}, err
		}
		bytes := p.token
		if size, err = p.expectNumber("1, 2 or 4"); err != nil {
			return number{}, err
		}
		if size != 1 && size != 2 && size != 4 {
			return number{}, p.scanner.refuse(bytes.at, "1, 2 or 4 bytes can be read, not "+quoted(bytes.text), "")
		}
	}
	if of != ether && !protocols[of].bytes {
		return number{}, p.scanner.refuse(at, "the bytes of "+of.name()+" cannot be read", "count from ether[0] or ip[0]")
	}
	return index.of(of, p.place, size), p.expect("]")
}
