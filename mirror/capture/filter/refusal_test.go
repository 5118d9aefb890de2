package filter

import (
	"errors"
	"strings"
	"testing"
)

// refused are expressions and where they go wrong.
var refused = map[string]struct {
	offset  int
	problem string
}{
	"80": {2, "alone"},
}

var onlyOurs = map[string]bool{}

func TestRefusals(t *testing.T) {
	for expression, want := range refused {
		_, err := Compile(expression)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		if e.Offset != want.offset || !strings.Contains(e.Problem, want.problem) {
			t.Errorf("%q: at %d: %s", expression, e.Offset, e.Problem)
		}
	}
}
