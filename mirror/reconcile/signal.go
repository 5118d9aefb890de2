package reconcile

import (
	"time"

	"github.com/cenkalti/backoff/v5"
)

// signal says that there is something to do. Any number of sends before the receiver looks are one.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) send() {
	select {
	case s <- struct{}{}:
	default: // it is on already
	}
}

// newBackoff paces retries: half a second at first, half a minute at most, each off by up to a half so that loops that failed
// together do not return together.
func newBackoff() *backoff.ExponentialBackOff {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = 500*time.Millisecond, 30*time.Second, 2
	return b
}
