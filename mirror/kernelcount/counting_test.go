package kernelcount

import "testing"

// What is little is brought often, what is much at least once a second, as often as it is judged.
func TestRestAfter(t *testing.T) {
	if a, b, c := restAfter(1), restAfter(128), restAfter(384); a < Every || a > Every+Every/100 || b != 2*Every || c != Rarely {
		t.Errorf("%v, %v, %v", a, b, c)
	}
}
