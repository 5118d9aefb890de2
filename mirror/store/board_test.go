package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

func applied(generation int64) mirror.Placement {
	return mirror.Placement{Generation: generation, At: time.Now(), Accepted: true, Applied: true}
}

func isApplied(s mirror.Status) bool { return s.Placement.Applied }

func TestBoardWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store.NewBoard()
		time.AfterFunc(time.Second, func() { b.Place("u", mirror.Placement{At: time.Now()}, time.Now()) })
		time.AfterFunc(2*time.Second, func() { b.Place("other", applied(1), time.Now()) })
		time.AfterFunc(3*time.Second, func() { b.Place("u", applied(1), time.Now()) })
		start := time.Now()
		s, err := b.Wait(t.Context(), "u", isApplied)
		if err != nil || !isApplied(s) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v: %+v", err, time.Since(start), s.Placement)
		}
		if s, err := b.Wait(t.Context(), "u", isApplied); err != nil || !isApplied(s) {
			t.Errorf("what holds already: %v", err)
		}
	})
}

func TestBoardWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store.NewBoard()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		time.AfterFunc(time.Second, func() { b.Place("u", mirror.Placement{Generation: 7}, time.Now()) })
		s, err := b.Wait(ctx, "u", isApplied)
		if !errors.Is(err, context.DeadlineExceeded) || s.Placement.Generation != 7 {
			t.Errorf("%v: %+v", err, s.Placement)
		}
		if s, err := b.Wait(ctx, "u", func(mirror.Status) bool { return true }); err != nil || s.Placement.Generation != 7 {
			t.Errorf("what holds is told even when time is up: %v", err)
		}
	})
}

func TestBoardWaitForForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store.NewBoard()
		b.Place("u", applied(1), time.Now())
		time.AfterFunc(time.Second, func() { b.Forget("u") })
		if _, err := b.Wait(t.Context(), "u", func(s mirror.Status) bool { return s.Placement.At.IsZero() }); err != nil {
			t.Error(err)
		}
		if len(b.Statuses()) != 0 || b.Status("u").Conditions != nil {
			t.Error("something is left")
		}
	})
}

func TestBoardTransitionTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := store.NewBoard()
		start := time.Now()
		b.Place("u", applied(1), time.Now())
		judge := func(state mirror.State, reason mirror.Reason) {
			b.Judge("u", mirror.Evidence{}, mirror.Verdict{State: state, Reason: reason, At: time.Now()}, time.Now())
		}
		judge(mirror.Pending, mirror.WithinGrace)
		time.Sleep(time.Second) // the bubble's time: nobody waits
		judge(mirror.Delivering, mirror.PacketsSeen)
		time.Sleep(time.Second)
		judge(mirror.Delivering, mirror.PacketsSeen)
		s := b.Status("u")
		want := map[mirror.ConditionType]time.Time{
			mirror.ConditionAccepted: start, mirror.ConditionApplied: start,
			mirror.ConditionDelivering: start.Add(time.Second), mirror.ConditionReady: start.Add(time.Second),
		}
		for _, c := range s.Conditions {
			if !c.LastTransition.Equal(want[c.Type]) {
				t.Errorf("%s since %v, want %v", c.Type, c.LastTransition, want[c.Type])
			}
		}
		if !s.Verdict.Since.Equal(start.Add(time.Second)) || !s.Verdict.At.Equal(start.Add(2*time.Second)) {
			t.Errorf("verdict since %v, at %v", s.Verdict.Since, s.Verdict.At)
		}
		if !s.Placement.Applied {
			t.Error("the judge took the placement away")
		}
	})
}

// TestBoardPlaced: who wants to know of placements is not woken by verdicts.
func TestBoardPlaced(t *testing.T) {
	b := store.NewBoard()
	placed := b.Placed()
	if b.Placed() != placed {
		t.Error("two who ask before a change get two channels")
	}
	b.Forget("nobody")
	b.Judge("u", mirror.Evidence{}, mirror.Verdict{State: mirror.Pending}, time.Now())
	select {
	case <-placed:
		t.Fatal("nothing was placed")
	default:
	}
	b.Place("u", applied(1), time.Now())
	<-placed
	placed = b.Placed()
	b.Forget("u")
	<-placed
}

// TestBoardWakesOnlyWhoWaitsForIt: a tick over all sessions looks at each waiter once, not once for each session.
func TestBoardWakesOnlyWhoWaitsForIt(t *testing.T) {
	const sessions = 500
	synctest.Test(t, func(t *testing.T) {
		b := store.NewBoard()
		var looks atomic.Int64
		var waiters sync.WaitGroup
		for i := range sessions {
			waiters.Go(func() {
				_, err := b.Wait(t.Context(), fmt.Sprint(i), func(s mirror.Status) bool { looks.Add(1); return isApplied(s) })
				if err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		for i := range sessions {
			b.Judge(fmt.Sprint(i), mirror.Evidence{}, mirror.Verdict{State: mirror.Pending}, time.Now())
		}
		synctest.Wait()
		if n := looks.Load(); n != 2*sessions {
			t.Errorf("%d looks, want %d", n, 2*sessions)
		}
		for i := range sessions {
			b.Place(fmt.Sprint(i), applied(1), time.Now())
		}
		waiters.Wait()
	})
}

// TestBoardConcurrently is for the race detector: all at once, and no change is lost to a waiter.
func TestBoardConcurrently(t *testing.T) {
	b := store.NewBoard()
	var tasks sync.WaitGroup
	for i := range 8 {
		uid := fmt.Sprint(i % 4)
		tasks.Go(func() {
			for n := range int64(500) {
				b.Place(uid, applied(n), time.Now())
				b.Judge(uid, mirror.Evidence{Packets: uint64(n)}, mirror.Verdict{State: mirror.Delivering}, time.Now())
				_ = b.Statuses()
			}
		})
		tasks.Go(func() {
			if _, err := b.Wait(t.Context(), uid, func(s mirror.Status) bool { return s.Placement.Generation == 499 }); err != nil {
				t.Error(err)
			}
		})
		tasks.Go(func() {
			for placed := b.Placed(); b.Status(uid).Placement.Generation < 499; placed = b.Placed() {
				<-placed
			}
		})
	}
	tasks.Wait()
}
