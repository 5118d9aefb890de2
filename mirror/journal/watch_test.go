package journal

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/vspan-io/vspan/mirror"
)

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, err := Open("", Options{})
		if err != nil {
			t.Fatal(err)
		}
		appendTo(t, j, success("a"), success("a"), success("a"))
		ctx, cancel := context.WithCancel(t.Context())
		events, err := j.Watch(ctx, 1)
		if err != nil {
			t.Fatal(err)
		}
		for want := uint64(2); want <= 3; want++ {
			if e := <-events; e.Seq != want {
				t.Errorf("got %d, want %d", e.Seq, want)
			}
		}
		synctest.Wait()
		appendTo(t, j, failure("b"))
		if e := <-events; e.Seq != 4 || e.UID != "b" {
			t.Errorf("got %+v", e)
		}
		cancel()
		if e, open := <-events; open {
			t.Errorf("after the end: %+v", e)
		}
		closing, err := j.Watch(t.Context(), 99) // of another history
		if err != nil {
			t.Fatal(err)
		}
		if e := <-closing; e.Seq != 1 {
			t.Errorf("got %+v", e)
		}
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		n := 0
		for range closing {
			n++
		}
		if n != 3 {
			t.Errorf("%d of the 3 events before the end", n)
		}
	})
}

// TestASlowWatcherHoldsNobodyUp: he misses events, and both he and the counter know how many.
func TestASlowWatcherHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, err := Open("", Options{MaxEvents: 10})
		if err != nil {
			t.Fatal(err)
		}
		events, err := j.Watch(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		const n = 1000
		for range n {
			appendTo(t, j, mirror.Event{Kind: mirror.Judged})
			synctest.Wait()
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		var got, missing, last uint64
		for e := range events {
			got++
			missing += e.Seq - last - 1
			last = e.Seq
		}
		if got+missing != n || last != n || got < 10 || got > 20 {
			t.Errorf("got %d, missed %d, the last is %d", got, missing, last)
		}
		if lost := j.Counts().Lost; lost != missing {
			t.Errorf("counted %d lost, want %d", lost, missing)
		}
	})
}
