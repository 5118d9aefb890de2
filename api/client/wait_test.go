package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/mirror"
)

func TestWait(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	s, _, err := f.client.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	if _, met, err := f.client.Wait(ctx, "web-01", "Ready", 20*time.Millisecond); met || err != nil {
		t.Errorf("nothing happened: met %t, %v", met, err)
	}
	if _, met, err := f.client.Wait(ctx, "web-01", "Ready", 0); met || err != nil {
		t.Errorf("no time: met %t, %v", met, err)
	}
	refused := mirror.Faultf(mirror.NotPersisted, "session", "nothing stands there")
	f.board.Place(s.UID, mirror.Placement{Generation: 1, At: time.Now(), Accepted: true, Fault: refused}, time.Now())
	begun := time.Now()
	if _, met, err := f.client.Wait(ctx, "web-01", "Applied", 10*time.Minute); met || err != nil || time.Since(begun) > time.Minute {
		t.Errorf("hopeless: met %t after %s, %v", met, time.Since(begun), err)
	}
	f.board.Place(s.UID, mirror.Placement{Generation: 1, At: time.Now(), Accepted: true, Applied: true}, time.Now())
	if got, met, err := f.client.Wait(ctx, "web-01", "Applied", 10*time.Minute); !met || err != nil || got.UID != s.UID {
		t.Errorf("applied: met %t, %v", met, err)
	}
	_, _, err = f.client.Wait(ctx, "web-01", "Fine", time.Minute)
	problem(t, err, 422, "invalid")
	_, _, err = f.client.Wait(ctx, "web-02", "Ready", time.Minute)
	problem(t, err, 404, "session_not_found")
	soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, _, err := f.client.Wait(soon, "web-01", "Ready", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
