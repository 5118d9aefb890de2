package vcenter

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestLoginOutlivesItsUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u users
		began := time.Now()
		for range 2 {
			if !u.enter() {
				t.Fatal("nobody may enter")
			}
		}
		time.AfterFunc(time.Second, u.leave)
		time.AfterFunc(2*time.Second, u.leave)
		u.close(t.Context())
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %v, want until the last one left", waited)
		}
		if u.enter() {
			t.Error("somebody entered a login that is ended")
		}
	})
}

func TestLoginDoesNotWaitForeverForItsUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var u users
		u.enter()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		u.close(ctx)
		if waited := time.Since(began); waited != time.Second {
			t.Errorf("waited %v, want 1s", waited)
		}
		u.leave()
	})
}
