package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interruptible returns a context that ends with the first SIGINT or SIGTERM, which ends what runs cleanly; the second ends it at once.
// Who is brief leaves nothing behind that would have to be ended so, and is not watched over for the first moment: to begin takes threads,
// and on some machines a tenth of the time that the whole command takes.
func interruptible(brief bool) (ctx context.Context, stop func()) {
	if !brief {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(ctx, stop) // from here on the signals have their default effect again
		return ctx, stop
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	begin := time.AfterFunc(moment, func() {
		watched, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(watched, func() {
			stop()
			cancel(context.Cause(watched))
		})
	})
	return ctx, func() {
		begin.Stop()
		cancel(nil)
	}
}

// moment is too short for a person to change his mind in.
const moment = 100 * time.Millisecond
