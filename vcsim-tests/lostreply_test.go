package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

const changeSwitch = "ReconfigureDvs_Task"

// TestFailure05TaskFails: a task that fails is a hint and no fact. What it did is found by the next read; what it did not do is asked
// for again.
func TestFailure05TaskFails(t *testing.T) {
	t.Parallel()
	for _, stage := range []sim.TaskStage{sim.BeforeApply, sim.AfterApply} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t)
			w.applied("web-02", mirrorOf("web-02"))
			sent := w.proxy.Calls(changeSwitch)
			w.act(w.sim.FailTask(stage, 1))
			w.put("web-01", mirrorOf("web-01"))
			w.recovered("web-01", 2*recovery) // a machine on which a read takes 5 s waits for the resync
			w.wantOnce("web-01", "web-02")
			want := map[sim.TaskStage]int{sim.BeforeApply: 2, sim.AfterApply: 1}[stage]
			if n := w.proxy.Calls(changeSwitch) - sent; n != want {
				t.Errorf("the change was sent %d times, want %d", n, want)
			}
			w.act(w.sim.FailTask(stage, 1))
			w.remove("web-01")
			w.wantOnce("web-02")
		})
	}
}

// TestFailure05TaskFailsOnASlowVCenter: a refused change is tried again after its rest, also where the read after it takes longer than
// that.
func TestFailure05TaskFailsOnASlowVCenter(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	w.applied("web-02", mirrorOf("web-02"))
	w.callsWithin(3 * time.Second) // what that still causes would be a reason to look
	w.act(w.sim.FailTask(sim.BeforeApply, 1))
	w.inject(faultproxy.Rule{Method: "FetchDVPorts", Fault: faultproxy.DelayReply, Wait: 6 * time.Second})
	w.put("web-01", mirrorOf("web-01"))
	w.recovered("web-01", 40*time.Second)
}

// lostReplies is how many replies to changes TestFailure06ReplyLost loses.
func lostReplies() int {
	if long() {
		return 1000
	}
	return 100
}

// TestFailure06ReplyLost loses the reply to every change, of sessions that come, change, and go: whether it was carried out is never
// said. After each of them every session stands once, and in the end nothing is left over.
func TestFailure06ReplyLost(t *testing.T) {
	t.Parallel()
	// After a lost reply a switch rests for half a second: many switches rest at the same time.
	const tests, worlds = 10, 2
	var lost atomic.Int64
	t.Run("worlds", func(t *testing.T) {
		for n := range tests {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				t.Parallel()
				var all []*lossy
				for range worlds {
					w := newProxiedWorld(t)
					w.put("web-02", mirrorOf("web-02"))
					w.recovered("web-02", recovery)
					all = append(all, &lossy{w, w.inject(faultproxy.Rule{Method: changeSwitch, Fault: faultproxy.DropReply}), 0})
				}
				lost.Add(int64(loseReplies(t, all, lostReplies()/tests/worlds)))
			})
		}
	})
	t.Logf("%d replies were lost", lost.Load())
	if lost.Load() < int64(lostReplies()) {
		t.Errorf("%d replies were lost, want %d", lost.Load(), lostReplies())
	}
}

// lossy is a world that loses the replies to all changes.
type lossy struct {
	*world
	lost   *faultproxy.Injection
	before int // replies that were lost before the newest change
}

// loseReplies changes a session in each world again and again, and says how many replies were lost.
func loseReplies(t *testing.T, worlds []*lossy, changes int) (lost int) {
	for n := range changes {
		for _, w := range worlds {
			w.before = w.lost.Fired()
			w.begin(n)
		}
		for _, w := range worlds {
			w.end(n)
			if t.Failed() || w.lost.Fired() == w.before {
				t.Fatalf("change %d: %d replies were lost before it and %d after it", n, w.before, w.lost.Fired())
			}
		}
	}
	for _, w := range worlds {
		lost += w.lost.Fired()
		for _, s := range read[wire.SessionList](w.server, w.do(http.MethodGet, "/v1/sessions", nil)).Items {
			w.remove(s.Name)
		}
		if left := w.sim.State().Sessions; len(left) != 0 {
			t.Errorf("left over: %+v", left)
		}
	}
	return lost
}

// begin asks for the n-th change: three times a session that comes or becomes another, then that it goes.
func (w *lossy) begin(n int) {
	w.t.Helper()
	if n%4 == 3 {
		w.want(w.do(http.MethodDelete, "/v1/sessions/web-01", nil), http.StatusNoContent, http.StatusAccepted)
		return
	}
	w.put("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.SnapLength = 64 + n }))
}

// end waits until the n-th change stands.
func (w *lossy) end(n int) {
	w.t.Helper()
	if n%4 == 3 {
		await(w.t, recovery, "the session is gone", func() (bool, string) {
			a := w.do(http.MethodGet, "/v1/sessions/web-01", nil)
			return a.status == http.StatusNotFound, string(a.body)
		})
		w.wantOnce("web-02")
		return
	}
	w.until("web-01", recovery, "stands as asked", asAsked)
	w.wantOnce("web-01", "web-02")
}

// TestFailure07LateApply: changes are carried out only after the daemon has given up on them and has sent them again. The version of
// the switch lets one of them through.
func TestFailure07LateApply(t *testing.T) {
	t.Parallel()
	late := map[string]func(*world){
		"task": func(w *world) {
			w.act(w.sim.TaskDelay(2 * time.Second))
			w.inject(faultproxy.Rule{Method: changeSwitch, Fault: faultproxy.DropReply})
		},
		"call": func(w *world) {
			w.inject(faultproxy.Rule{Method: changeSwitch, Fault: faultproxy.DelayRequest, Wait: 5 * time.Second, Count: 2})
		},
	}
	for name, make := range late {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t, func(s *setup) { s.vcenter.Timeout = 2 * time.Second })
			w.applied("web-02", mirrorOf("web-02"))
			version, sent := w.sim.State().Switch.ConfigVersion, w.proxy.Calls(changeSwitch)
			make(w)
			w.put("web-01", mirrorOf("web-01"))
			w.recovered("web-01", recovery)
			w.callsWithin(5 * time.Second) // what is still on its way arrives
			w.recovered("web-01", recovery)
			w.wantOnce("web-01", "web-02")
			if n := w.proxy.Calls(changeSwitch) - sent; n < 2 {
				t.Errorf("the change was sent %d times: nothing was late", n)
			}
			if now := w.sim.State().Switch.ConfigVersion; now != next(t, version) {
				t.Errorf("the switch went from version %s to %s, want one change", version, now)
			}
		})
	}
}

// TestFailure07LateApplyOfADeletedSession: a session is deleted while the change that adds it is on its way. It must not stay.
func TestFailure07LateApplyOfADeletedSession(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	w.applied("web-02", mirrorOf("web-02"))
	w.act(w.sim.TaskDelay(3 * time.Second))
	lost := w.inject(faultproxy.Rule{Method: changeSwitch, Fault: faultproxy.DropReply, Count: 1})
	w.put("web-01", mirrorOf("web-01"))
	w.fired(lost, 1)
	w.want(w.do(http.MethodDelete, "/v1/sessions/web-01", nil), http.StatusNoContent, http.StatusAccepted)
	time.Sleep(4 * time.Second) // the task takes 3 s
	await(t, soon, "the deleted session is off the switch", func() (bool, string) {
		left := w.sim.State().Sessions
		return len(left) == 1, fmt.Sprintf("%+v", left)
	})
	w.wantOnce("web-02")
}

// TestFailure20PartialRead cuts replies short, the way that a client notices at once and the way that only their content tells, while
// sessions stand. No session is touched for it.
func TestFailure20PartialRead(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"RetrievePropertiesEx", "FetchDVPorts", "RefreshDVPortState", "CreateContainerView", "WaitForUpdatesEx"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t, func(s *setup) { s.daemon.Resync = 200 * time.Millisecond })
			for _, vm := range []string{"web-01", "web-02", "db-01"} {
				w.applied(vm, mirrorOf(vm))
			}
			port := w.vm("client-01").NICs[0].PortKey
			foreign, err := w.sim.AddForeignSession(sim.SessionSpec{Name: "other", FromVM: []string{port}, Destinations: []string{"127.0.0.9"}, Sampling: 1})
			w.act(err)
			stood, sent := keysOf(w.sim.State().Sessions), w.proxy.Calls(changeSwitch)
			for n, cut := range shortReplies(method) {
				i := w.inject(cut)
				await(t, recovery, fmt.Sprintf("reply %d was cut", n), func() (bool, string) {
					// An edit makes the daemon look, and so do the looks themselves.
					w.act(w.sim.EditSession(foreign, func(s *sim.SessionSpec) { s.SnapLength = 64 + (s.SnapLength+1)%64 }))
					return i.Fired() > 0, fmt.Sprint(w.proxy.CallsByMethod())
				})
				i.Remove()
			}
			w.callsWithin(2 * time.Second) // the conclusions that are drawn from the last of them
			if now := keysOf(w.sim.State().Sessions); !slices.Equal(now, stood) {
				t.Errorf("the switch had the sessions %v and has %v", stood, now)
			}
			for _, s := range w.sim.State().Sessions {
				if s.Key != foreign && !s.Enabled {
					t.Errorf("session %q was disabled", s.Name)
				}
			}
			if n := w.proxy.Calls(changeSwitch) - sent; n != 0 {
				t.Errorf("the switch was changed %d times", n)
			}
			w.put("client-01", mirrorOf("client-01"))
			w.recovered("client-01", recovery)
			w.wantOnce("web-01", "web-02", "db-01", "client-01")
		})
	}
}

// shortReplies are rules that cut one reply each, of each of the first calls of a look at the switch.
func shortReplies(method string) (rules []faultproxy.Rule) {
	for _, fault := range []faultproxy.Fault{faultproxy.CutReply, faultproxy.TruncateReply} {
		for skip, keep := range []int{0, 200, 1000} { // of bytes; 0 is half of the reply
			rules = append(rules, faultproxy.Rule{Method: method, Fault: fault, Keep: keep, Skip: skip, Count: 1})
		}
	}
	return rules
}
