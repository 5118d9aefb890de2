package vcsimtests

import (
	"testing"
	"time"
)

// pause between two looks at something that is to become true. It only bounds how often is looked.
const pause = 25 * time.Millisecond

// await looks until holds answers true. When the time is up the test fails, with what was seen last.
func await(t *testing.T, within time.Duration, what string, holds func() (ok bool, seen string)) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(pause) {
		ok, seen := holds()
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s; last seen: %s", within, what, seen)
		}
	}
}
