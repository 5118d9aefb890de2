package receive

import (
	"context"
	"testing"
	"time"
)

// newNaps makes a napper for a test.
func newNaps(t *testing.T) *napper {
	t.Helper()
	n, err := newNapper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.close() })
	return n
}

func TestNapTakesItsTime(t *testing.T) {
	n := newNaps(t)
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
}

func TestNapEndsWithItsContext(t *testing.T) {
	n := newNaps(t)
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
