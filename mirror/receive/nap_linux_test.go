package receive

import (
	"context"
	"testing"
	"time"
)

// newNaps makes a napper that has a timer of the kernel.
func newNaps(t *testing.T) *napper {
	t.Helper()
	n := newNapper()
	t.Cleanup(func() { _ = n.close() })
	if n.file == nil {
		t.Fatal("there is no timerfd")
	}
	return n
}

// eachNapper runs a test with a napper that has a timer of the kernel, and with one that has none.
func eachNapper(t *testing.T, test func(t *testing.T, n *napper)) {
	t.Run("timerfd", func(t *testing.T) { test(t, newNaps(t)) })
	t.Run("Go's timer", func(t *testing.T) { test(t, new(napper)) })
}

func TestNapTakesItsTime(t *testing.T) {
	eachNapper(t, func(t *testing.T, n *napper) {
		for range 3 { // what rang before does not count for the next
			began := time.Now()
			if err := n.nap(5 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if slept := time.Since(began); slept < 5*time.Millisecond {
				t.Errorf("a nap of 5 ms took %v", slept)
			}
		}
		if err := n.nap(0); err != nil {
			t.Errorf("no nap: %v", err) // and it ends
		}
	})
}

func TestNapEndsWithItsContext(t *testing.T) {
	eachNapper(t, func(t *testing.T, n *napper) {
		ctx, cancel := context.WithCancel(t.Context())
		defer n.on(ctx)()
		ended := make(chan error, 1)
		go func() {
			err := n.nap(time.Hour)
			if err == nil {
				err = n.nap(time.Hour) // begun when ctx has ended
			}
			ended <- err
		}()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestNapOfClosedNapper(t *testing.T) {
	n := newNaps(t)
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	if err := n.nap(time.Millisecond); err == nil {
		t.Error("a closed one napped")
	}
}

// A nap is taken some thousand times a minute.
func TestNapAllocatesNothing(t *testing.T) {
	n := newNaps(t)
	if got := testing.AllocsPerRun(20, func() { _ = n.nap(time.Microsecond) }); got != 0 {
		t.Errorf("%v allocations a nap", got)
	}
}
