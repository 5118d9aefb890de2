package filter

import "fmt"

// maxDepth bounds how deep parentheses, brackets and operators that group to the
// right may be nested.
const maxDepth = 128

// parser reads an expression by recursive descent and writes the program as it
// goes.
type parser struct {
	scanner scanner
	token   token // the next one
	program program
	place   place
	depth   int
}

// qualifiers are what stands before an address, a port or a protocol. An
// expression passes its last ones on: in port 80 or 443 the second number is a
// port too.
type qualifiers struct {
	protocol  protocol
	direction direction
	kind      string // a keyword, or "" for an address
	// given says that there are some at all; without them a word means nothing.
	given bool
}

// value is what a part of an expression is: a condition, or else a number.
type value struct {
	condition   branch
	isCondition bool
	number      number
}

func condition(b branch) value { return value{condition: b, isCondition: true} }

// parse reads the whole expression. empty says that there was nothing in it.
func (p *parser) parse() (whole branch, empty bool, err error) {
	p.place = untagged
	if err := p.advance(); err != nil || p.token.kind == tokenEnd {
		return branch{}, true, err
	}
	v, _, err := p.expression(qualifiers{})
	if err == nil && !v.isCondition {
		err = p.refuse("an operator such as = is missing: a number alone is no condition", "")
	}
	if err == nil && p.token.kind != tokenEnd {
		err = p.unexpected("and, or, or the end is wanted")
	}
	return v.condition, false, err
}

// expression reads terms joined by and and or, which bind alike and to the left.
// A single number is left to the caller.
func (p *parser) expression(q qualifiers) (value, qualifiers, error) {
	left, q, err := p.term(q)
	for err == nil && (p.token.is("and") || p.token.is("or")) {
		join := p.program.or
		if p.token.is("and") {
			join = p.program.and
		}
		var first, second branch
		if first, err = p.asCondition(left, q); err != nil {
			break
		}
		if err = p.advance(); err != nil {
			break
		}
		var right value
		if right, q, err = p.term(q); err != nil {
			break
		}
		if second, err = p.asCondition(right, q); err == nil {
			left = condition(join(first, second))
		}
	}
	return left, q, err
}

// asCondition is the condition v. A plain number is one if the qualifiers before
// it say whether it is an address, a port or a protocol.
func (p *parser) asCondition(v value, q qualifiers) (branch, error) {
	switch {
	case v.isCondition:
		return v.condition, nil
	case !v.number.plain:
		return branch{}, p.refuse("an operator such as = is missing: a number alone is no condition", "")
	}
	n, _ := v.number.constant()
	return p.numeric(q, n, v.number.at)
}

// term reads one condition with the nots before it. A number may be left to the
// caller if there were none.
func (p *parser) term(q qualifiers) (value, qualifiers, error) {
	nots := 0
	for p.token.is("not") {
		nots++
		if err := p.advance(); err != nil {
			return value{}, q, err
		}
	}
	v, after, err := p.binary(q, lowest)
	if err == nil && !v.isCondition && p.token.isComparison() {
		v, err = p.relation(v.number)
		after = qualifiers{}
	}
	if err == nil && nots > 0 {
		v.condition, err = p.asCondition(v, after)
		v.isCondition = true
	}
	if err == nil && p.program.full() {
		err = p.refuse(fmt.Sprintf("the filter is too large: it needs more than %d tests", maxTests), "use net and portrange instead of many hosts and ports")
	}
	if nots%2 == 1 {
		v.condition = not(v.condition)
	}
	return v, after, err
}

// primary reads the least thing that is a condition or a number.
func (p *parser) primary(q qualifiers) (value, qualifiers, error) {
	t := p.token
	switch {
	case t.is("("):
		return p.parenthesized(q)
	case t.is("-"), t.kind == tokenNumber, t.is("len"):
		n, err := p.numeral()
		return value{number: n}, q, err
	case t.kind == tokenKeyword:
		return p.primitive()
	case t.kind == tokenEnd || t.kind == tokenSign:
		return value{}, q, p.unexpected("a condition is wanted")
	case !q.given:
		return value{}, q, p.refuse(quoted(t.text)+" has nothing before it that says what it is", "write host, net, port or proto before it, or ether host before a MAC address")
	}
	b, err := p.operand(q)
	return condition(b), q, err
}

// parenthesized reads what is in parentheses. What is behind them inherits the
// qualifiers from before them.
func (p *parser) parenthesized(q qualifiers) (value, qualifiers, error) {
	if err := p.enter(); err != nil {
		return value{}, q, err
	}
	defer p.leave()
	if err := p.advance(); err != nil {
		return value{}, q, err
	}
	v, _, err := p.expression(q)
	if err != nil {
		return value{}, q, err
	}
	return v, q, p.expect(")")
}

func (p *parser) advance() (err error) {
	p.token, err = p.scanner.next()
	return err
}

// expect goes past the sign or keyword text.
func (p *parser) expect(text string) error {
	if !p.token.is(text) {
		return p.unexpected(text + " is wanted")
	}
	return p.advance()
}

// expectNumber goes past a number.
func (p *parser) expectNumber(wanted string) (uint32, error) {
	v := p.token.value
	if p.token.kind != tokenNumber {
		return 0, p.unexpected(wanted + " is wanted")
	}
	return v, p.advance()
}

func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.refuse(fmt.Sprintf("the filter is nested deeper than %d", maxDepth), "")
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// refuse refuses the expression at the next token.
func (p *parser) refuse(problem, advice string) error {
	return p.scanner.refuse(p.token.at, problem, advice)
}

func (p *parser) unexpected(wanted string) error {
	return p.refuse(fmt.Sprintf("%s is not expected here: %s", p.token.describe(), wanted), supported)
}
