package filter

import (
	"errors"
	"strings"
	"testing"
)

// Whatever is written, it is compiled or refused with a place inside of it, and
// the text of the refusal has nothing in it that a terminal would obey.
func FuzzCompile(f *testing.F) {
	for _, expression := range expressions {
		f.Add(expression)
	}
	for _, r := range refused {
		f.Add(r.expression)
	}
	frames := generated()
	f.Fuzz(func(t *testing.T, expression string) {
		compiled, err := Compile(expression)
		if err == nil {
			for _, p := range frames[:20] {
				compiled.Match(p.bytes, p.wireLen)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
		if e.Offset < 0 || e.Offset > len(expression) || e.Problem == "" {
			t.Errorf("offset %d of %d: %q", e.Offset, len(expression), e.Problem)
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F || r == 0xFFFD }) {
			t.Errorf("%q", err.Error())
		}
	})
}

// Hostile frames are matched or not, by every filter.
func FuzzMatch(f *testing.F) {
	filters := make([]*Filter, len(expressions))
	for i, expression := range expressions {
		var err error
		if filters[i], err = Compile(expression); err != nil {
			f.Fatal(err)
		}
	}
	for i, p := range cut(generated()) {
		if i%50 == 0 {
			f.Add(p.bytes, p.wireLen)
		}
	}
	f.Fuzz(func(t *testing.T, frame []byte, wireLen int) {
		for _, filter := range filters {
			matched := filter.Match(frame, wireLen)
			if again := filter.Match(frame[:len(frame):len(frame)], wireLen); again != matched {
				t.Errorf("%q: %v, then %v", filter, matched, again)
			}
		}
	})
}
