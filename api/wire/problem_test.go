package wire

import "testing"

func TestAProblemAsAnError(t *testing.T) {
	for _, tt := range []struct {
		problem Problem
		want    string
	}{
		{Problem{Title: "There is nothing here"}, "There is nothing here"},
		{Problem{Title: "t", Detail: "no such path"}, "no such path"},
		{Problem{Detail: "1 thing to correct", Errors: []FieldError{{"spec.sampling", "want integer"}}}, "1 thing to correct: spec.sampling: want integer"},
		{Problem{Detail: "3 things", Errors: []FieldError{{"a", "b"}, {"c", "d"}, {"e", "f"}}}, "3 things: a: b (and 2 more)"},
	} {
		if got := tt.problem.Error(); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}
