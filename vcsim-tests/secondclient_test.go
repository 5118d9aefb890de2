package vcsimtests

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// scribbling is how long TestFailure04ConcurrentAccess has somebody else edit the switch.
func scribbling() time.Duration {
	if long() {
		return time.Minute
	}
	return 5 * time.Second
}

// TestFailure04ConcurrentAccess: a second client edits a session of its own about ten times a second. Ours come, change and go
// meanwhile, and each edit of the other stands. It has the machine to itself: the longer a read and the change that rests on it take,
// the more rarely no edit comes between. Where they take longer than the tenth of a second, as under the race detector, the second
// client takes as long.
func TestFailure04ConcurrentAccess(t *testing.T) {
	w := newProxiedWorld(t)
	w.act(w.sim.TaskDelay(10 * time.Millisecond)) // a change can be overtaken
	began := time.Now()
	w.applied("web-01", mirrorOf("web-01"))
	pace := max(tenth, time.Since(began))
	foreign, err := w.sim.AddForeignSession(theirs(w))
	w.act(err)
	stop, ended := make(chan struct{}), make(chan scribbled, 1)
	go func() {
		ended <- scribble(w.sim, foreign, stop, func() time.Duration { return time.Duration(rand.ExpFloat64() * float64(pace)) })
	}()
	vms := []string{"web-01", "web-02", "db-01"}
	rounds := 0
	for end := time.Now().Add(scribbling()); time.Now().Before(end); rounds++ {
		for _, vm := range vms {
			w.put(vm, spec([]string{vm}, func(s *wire.Spec) { s.SnapLength = 64 + rounds }))
		}
		for _, vm := range vms {
			w.until(vm, time.Minute, "stands as asked", asAsked)
		}
		w.want(w.do(http.MethodDelete, "/v1/sessions/"+vms[rounds%len(vms)]+"?wait=1m", nil), http.StatusNoContent)
	}
	for _, vm := range vms {
		w.put(vm, mirrorOf(vm))
		w.until(vm, time.Minute, "stands as asked", asAsked)
	}
	close(stop)
	s := <-ended
	if s.err != nil {
		t.Fatal(s.err)
	}
	w.wantOnce(vms...)
	if left, ok := w.onSwitch(foreign); !ok || left.SnapLength != s.last {
		t.Errorf("their session is %+v after %d edits, want the snap length %d", left.SessionSpec, s.edits, s.last)
	}
	if s.overwritten > 0 {
		t.Errorf("%d of %d edits of the other did not stand until the next", s.overwritten, s.edits)
	}
	t.Logf("%d edits of the other, one each %v, %d rounds and %d calls of ours to change the switch", s.edits, pace, rounds, w.proxy.Calls(changeSwitch))
}

// TestFailure04ConcurrentAccessOnASlowVCenter has the second client edit as regularly as a clock, on a vCenter of which a read takes
// longer than the client rests; where the machine is slower than that, the client rests for as long as a change took that nobody was
// in the way of.
func TestFailure04ConcurrentAccessOnASlowVCenter(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	began := time.Now()
	w.applied("db-01", mirrorOf("db-01"))
	pace := max(tenth, time.Since(began))
	foreign, err := w.sim.AddForeignSession(theirs(w))
	w.act(err)
	w.inject(faultproxy.Rule{Method: "FetchDVPorts", Fault: faultproxy.DelayReply, Wait: 150 * time.Millisecond})
	stop, ended := make(chan struct{}), make(chan scribbled, 1)
	go func() { ended <- scribble(w.sim, foreign, stop, func() time.Duration { return pace }) }()
	defer func() { close(stop); <-ended }()
	w.put("web-01", mirrorOf("web-01"))
	w.until("web-01", 2*time.Minute, "stands as asked", asAsked)
}

func theirs(w *world) sim.SessionSpec {
	return sim.SessionSpec{Name: "theirs", Enabled: true, FromVM: []string{w.vm("client-01").NICs[0].PortKey}, Destinations: []string{"127.0.0.9"}, Sampling: 1}
}

// tenth of a second.
const tenth = 100 * time.Millisecond

// regularly edits ten times a second.
func regularly() time.Duration { return tenth }

// scribbled is what the second client did.
type scribbled struct {
	edits, overwritten int
	last               int32 // snap length
	err                error
}

// scribble edits a session until stop is closed, and looks each time whether the last edit stands. It rests as
// long as rests says.
func scribble(s *sim.Simulator, key string, stop <-chan struct{}, rests func() time.Duration) (did scribbled) {
	for {
		did.err = s.EditSession(key, func(v *sim.SessionSpec) {
			if did.edits > 0 && v.SnapLength != did.last {
				did.overwritten++
			}
			did.last = int32(64 + did.edits)
			v.SnapLength = did.last
		})
		if did.err != nil {
			did.err = fmt.Errorf("edit %d of the second client: %w", did.edits, did.err)
			return did
		}
		did.edits++
		select {
		case <-stop:
			return did
		case <-time.After(rests()):
		}
	}
}
