package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// conditionOf returns the status of a condition.
func conditionOf(s wire.Session, name string) string {
	for _, c := range s.Status.Conditions {
		if c.Type == name {
			return c.Status
		}
	}
	return ""
}

func TestWait(t *testing.T) {
	notPersisted := mirror.Faultf(mirror.NotPersisted, "session", "nothing stands there")
	unreachable := mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "no answer")
	tests := []struct {
		name   string
		query  string
		happen func(f *fixture, s wire.Session) // one second after the request
		after  time.Duration                    // when the answer comes
		field  string
		want   string
	}{
		{"delivering", "?wait=30s&for=Delivering", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Delivering, mirror.PacketsSeen)
		}, time.Second, "Delivering", "True"},
		{"ready by default", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Delivering, mirror.PacketsSeen)
		}, time.Second, "Ready", "True"},
		{"applied without a verdict", "?wait=30s&for=Applied", func(f *fixture, s wire.Session) { f.place(s, nil) }, time.Second, "Applied", "True"},
		{"accepted though it cannot be applied", "?wait=30s&for=Accepted", func(f *fixture, s wire.Session) { f.place(s, notPersisted) }, time.Second, "Accepted", "True"},
		{"nothing happens", "?wait=30s", func(*fixture, wire.Session) {}, 30 * time.Second, "Ready", "Unknown"},
		{"not persisted is final", "?wait=30s&for=Delivering", func(f *fixture, s wire.Session) { f.place(s, notPersisted) }, time.Second, "Applied", "False"},
		{"unreachable may pass", "?wait=30s&for=Applied", func(f *fixture, s wire.Session) { f.place(s, unreachable) }, 30 * time.Second, "Applied", "False"},
		{"lost may pass", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Lost, mirror.PortsActiveNothingArrived)
		}, 30 * time.Second, "Ready", "False"},
		{"disabled is final", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Disabled, mirror.IsDisabled)
		}, time.Second, "Ready", "False"},
		{"somebody else's collector never delivers", "?wait=30s&for=Delivering", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Unverified, mirror.ExternalDestination)
		}, time.Second, "Delivering", "Unknown"},
		{"somebody else's collector is ready", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Unverified, mirror.ExternalDestination)
		}, time.Second, "Ready", "True"},
		{"what another daemon receives is not waited for", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, nil)
			f.judge(s, mirror.Unknown, mirror.ReceivedElsewhere)
		}, time.Second, "Ready", "Unknown"},
		{"what another daemon changes is waited for", "?wait=30s", func(f *fixture, s wire.Session) {
			f.place(s, mirror.Faultf(mirror.NotWriter, `switch "DVS0"`, "is not this daemon's to change"))
			f.judge(s, mirror.Pending, mirror.NotWriter)
		}, 30 * time.Second, "Ready", "False"},
		{"what was said of an older generation does not count", "?wait=30s", func(f *fixture, s wire.Session) {
			s.Generation--
			f.place(s, nil)
			f.judge(s, mirror.Delivering, mirror.PacketsSeen)
		}, 30 * time.Second, "Ready", "True"},
		{"a verdict from before the change does not count", "?wait=30s", func(f *fixture, s wire.Session) {
			f.judge(s, mirror.Delivering, mirror.PacketsSeen)
			f.pass(time.Second)
			f.place(s, nil)
		}, 30 * time.Second, "Ready", "True"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				p, stop := serveInMemory(t, f.handler)
				go func() {
					time.Sleep(time.Second) // of the bubble: no real time passes
					tt.happen(f, renderSession(f.stored("web-01"), mirror.Status{}))
				}()
				begun := time.Now()
				resp, body := p.exchange(t, "PUT", "/v1/sessions/web-01"+tt.query, spec1)
				if took := time.Since(begun); took != tt.after || resp.StatusCode != http.StatusCreated {
					t.Errorf("got %s after %s, want it after %s: %s", resp.Status, took, tt.after, body)
				}
				var s wire.Session
				if err := json.Unmarshal([]byte(body), &s); err != nil {
					t.Fatal(err)
				}
				if got := conditionOf(s, tt.field); got != tt.want {
					t.Errorf("got %s %s, want %s: %s", tt.field, got, tt.want, body)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestWaitOfGET(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		s := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
		f.place(s, nil)
		p, stop := serveInMemory(t, f.handler)
		begun := time.Now()
		if resp, body := p.exchange(t, "GET", "/v1/sessions/web-01?wait=5m&for=Applied", ""); resp.StatusCode != 200 || time.Since(begun) != 0 {
			t.Errorf("what holds already took %s: %s %s", time.Since(begun), resp.Status, body)
		}
		go func() {
			time.Sleep(2 * time.Minute) // longer than requests without a wait may take
			if err := f.store.Remove(t.Context(), "web-01", 1); err != nil {
				t.Error(err)
			}
			f.board.Forget(s.UID)
		}()
		if resp, body := p.exchange(t, "GET", "/v1/sessions/web-01?wait=5m", ""); resp.StatusCode != 404 || time.Since(begun) != 2*time.Minute {
			t.Errorf("after the removal: %s after %s: %s", resp.Status, time.Since(begun), body)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStopEndsWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
		p, stop := serveInMemory(t, f.handler)
		answered := make(chan int, 2)
		for _, call := range []string{"GET /v1/sessions/web-01?wait=5m", "DELETE /v1/sessions/web-01?wait=5m"} {
			go func() {
				method, target, _ := strings.Cut(call, " ")
				resp, _ := p.exchange(t, method, target, "")
				answered <- resp.StatusCode
			}()
		}
		synctest.Wait()
		begun := time.Now()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if a, b := <-answered, <-answered; a+b != 200+202 || time.Since(begun) > time.Second {
			t.Errorf("got %d and %d after %s", a, b, time.Since(begun))
		}
	})
}

func TestAClientThatLeavesEndsItsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
		left := make(chan time.Duration, 1)
		begun := time.Now()
		p, stop := serveInMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			f.handler.ServeHTTP(w, r)
			left <- time.Since(begun)
		}))
		c := p.dial(t)
		if _, err := c.Write([]byte("GET /v1/sessions/web-01?wait=5m HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second) // of the bubble
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if took := <-left; took != 3*time.Second {
			t.Errorf("the request went on for %s", took)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
