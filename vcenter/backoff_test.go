package vcenter

import (
	"errors"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestDelay(t *testing.T) {
	away := mirror.Faultf(mirror.VCenterUnreachable, "x", "x")
	refused := mirror.Faultf(mirror.NotAuthenticated, "x", "x")
	for _, tc := range []struct {
		err  error
		n    int
		want time.Duration
	}{
		{away, 1, time.Second}, {away, 2, 2 * time.Second}, {away, 5, 16 * time.Second}, {away, 6, 30 * time.Second}, {away, 1 << 30, 30 * time.Second},
		{errors.New("x"), 1, time.Second}, {nil, 2, 2 * time.Second},
		{refused, 1, time.Minute}, {refused, 2, 2 * time.Minute}, {refused, 4, 8 * time.Minute}, {refused, 5, 15 * time.Minute}, {refused, 1 << 30, 15 * time.Minute},
	} {
		if got := delayAfter(tc.err, tc.n); got != tc.want {
			t.Errorf("after failure %d of %v: got %s, want %s", tc.n, tc.err, got, tc.want)
		}
	}
	// vCenter's default policy locks an account at 5 failures within 3 minutes.
	within, at := 1, time.Duration(0)
	for n := 1; ; n++ {
		if at += delayAfter(refused, n) * 4 / 5; at > 3*time.Minute { // with all of the jitter
			break
		}
		within++
	}
	if within >= 5 {
		t.Errorf("%d tries within three minutes lock the account", within)
	}
	for range 1000 {
		if d := jitter(time.Second); d > time.Second || d <= 800*time.Millisecond-1 {
			t.Fatalf("jitter made %s of a second", d)
		}
	}
	if jitter(0) != 0 {
		t.Error("jitter made something of nothing")
	}
}
