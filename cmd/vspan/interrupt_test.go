//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"
)

// A signal ends the context of a command that is brief, too, once it has run for a moment; and stopping it watches no longer.
func TestInterruptible(t *testing.T) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt) // so that none ends the test
	defer signal.Stop(caught)
	for _, brief := range []bool{false, true} {
		ctx, stop := interruptible(brief)
		interruptUntil(t, ctx)
		if !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("brief %v: %v", brief, ctx.Err())
		}
		stop()
		ctx, stop = interruptible(brief)
		stop()
		if ctx.Err() == nil {
			t.Errorf("brief %v: stopped it goes on", brief)
		}
	}
}

// interruptUntil sends this process the signal until the context ends.
func interruptUntil(t *testing.T, ctx context.Context) {
	t.Helper()
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.After(time.Minute)
	for {
		if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		case <-late:
			t.Fatal("signals do not end it")
		}
	}
}
