package capturing

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// glance is how often is looked whether somebody still reads: between two packets there may be hours.
const glance = 500 * time.Millisecond

// WhileRead returns a context that ends with ctx and when f is a pipe that nobody reads any more. stop must be called.
func WhileRead(ctx context.Context, f *os.File) (within context.Context, stop func()) {
	within, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(glance)
		defer tick.Stop()
		for {
			select {
			case <-within.Done():
				return
			case <-tick.C:
				if unread(f) {
					cancel(ErrReaderGone)
					return
				}
			}
		}
	}()
	return within, func() { cancel(nil); <-done }
}

// soonOpened is how often is tried to open a named pipe that nobody reads yet.
const soonOpened = 10 * time.Millisecond

// OpenPipe opens a named pipe to write to, once somebody reads it; until ctx ends. What is no pipe is made anew, for its owner alone.
func OpenPipe(ctx context.Context, path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	}
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) { // ENXIO: nobody reads
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("open the pipe %s: nobody reads it: %w", path, ctx.Err())
		case <-time.After(soonOpened):
		}
	}
}
