package filter

import "fmt"

// MaxExpression is the greatest length of an expression in bytes.
const MaxExpression = 64 << 10

// Filter is a compiled expression. It is immutable and may be used concurrently.
// The zero value matches every frame.
type Filter struct {
	expression string
	// tests begins with two that are never run: the indices accept and reject are
	// the ends of the program.
	tests []test
	steps []step
	start int32
	vlan  bool
}

// All matches every frame, as the empty expression does.
var All = &Filter{}

// Compile compiles expression. The error is an *Error, with the position in it.
// Compiling takes time linear in the expression, of at most MaxExpression bytes.
func Compile(expression string) (*Filter, error) {
	if len(expression) > MaxExpression {
		return nil, &Error{
			Expression: expression, Offset: MaxExpression,
			Problem: fmt.Sprintf("the filter has %d bytes, more than %d", len(expression), MaxExpression),
			Advice:  "use net and portrange instead of many hosts and ports",
		}
	}
	p := parser{scanner: scanner{text: expression}}
	whole, empty, err := p.parse()
	switch {
	case err != nil:
		return nil, err
	case empty:
		return &Filter{expression: expression}, nil
	}
	f := &Filter{expression: expression, steps: p.program.steps, vlan: p.place != untagged}
	f.tests, f.start = p.program.finish(whole)
	return f, nil
}

// SaysVLAN reports whether the expression has the word vlan. One that has not
// matches no tagged frame by what is behind the tag.
func (f *Filter) SaysVLAN() bool { return f.vlan }

// String gives the expression as it was compiled.
func (f *Filter) String() string { return f.expression }
