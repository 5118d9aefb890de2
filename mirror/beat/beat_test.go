package beat

import (
	"testing"
	"time"
)

func TestUntil(t *testing.T) {
	second := time.Unix(1_700_000_000, 0)
	for _, c := range []struct {
		after, period, want time.Duration
	}{
		{0, time.Second, time.Second},
		{1, time.Second, time.Second - 1},
		{999_999_999, time.Second, 1},
		{250 * time.Millisecond, time.Second, 750 * time.Millisecond},
		{300 * time.Millisecond, 250 * time.Millisecond, 200 * time.Millisecond},
	} {
		if got := Until(second.Add(c.after), c.period); got != c.want {
			t.Errorf("%v after a second, every %v: %v, want %v", c.after, c.period, got, c.want)
		}
	}
}

// What has waited for a beat waits for the next one then, also when it was woken late, and what else has the same period waits as long.
func TestBeatsAreTheSameForAll(t *testing.T) {
	at := time.Unix(1_700_000_000, 123_456_789)
	for late := range time.Duration(100) {
		first := at.Add(Until(at, time.Second))
		woken := first.Add(late * time.Millisecond)
		if next := woken.Add(Until(woken, time.Second)); next.Sub(first) != time.Second {
			t.Fatalf("woken %v late the next beat is %v after", late*time.Millisecond, next.Sub(first))
		}
	}
}
