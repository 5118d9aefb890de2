package api

import "testing"

func TestRepeatedName(t *testing.T) {
	for text, want := range map[string]int64{
		`1`:   0,
		`"a"`: 0,
		`[]`:  0,
		`{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}`: 0,
		`{"a":"b","b":"a","c":["a","a"]}`:           0,
		`{"a":1,"a":2}`:                             10,
		`{"a":{},"a":[]}`:                           11,
		`{"a":[{"b":"b","c":null,"b":1}]}`:          27,
		`{"":1,"":1}`:                               8,
	} {
		if got := repeatedName([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
