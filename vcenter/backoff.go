package vcenter

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// A wrong password is tried rarely from the start: vCenter's default policy locks an account for five minutes after five failures
// within three, and other programs may use the account too.
const (
	firstUnreachable = time.Second
	mostUnreachable  = 30 * time.Second
	firstRefused     = time.Minute
	mostRefused      = 15 * time.Minute
)

// delayAfter says how long to wait after the n-th failure in a row, n counting from 1, before the jitter.
func delayAfter(err error, n int) time.Duration {
	first, most := firstUnreachable, mostUnreachable
	if f, ok := errors.AsType[*mirror.Fault](err); ok && f.Reason != mirror.VCenterUnreachable {
		first, most = firstRefused, mostRefused
	}
	d := first
	for range n - 1 {
		if d *= 2; d >= most {
			return most
		}
	}
	return d
}

// jitter spreads d by a fifth downwards, so that many clients of a restarted vCenter do not come back at once.
func jitter(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d - rand.N(d/5)
}
