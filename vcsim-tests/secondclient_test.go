package vcsimtests

import (
	"fmt"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// scribbling is how long TestFailure04ConcurrentAccess has somebody else edit the switch.
func scribbling() time.Duration {
	if testing.Short() {
		return 2 * time.Second
	}
	return 10 * time.Second
}

// TestFailure04ConcurrentAccess: a second client edits a session of its own ten times a second. Ours come, change and go meanwhile, and
// each edit of the other stands.
func TestFailure04ConcurrentAccess(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	w.act(w.sim.TaskDelay(30 * time.Millisecond)) // a change can be overtaken
	foreign, err := w.sim.AddForeignSession(theirs(w))
	w.act(err)
	stop, ended := make(chan struct{}), make(chan scribbled, 1)
	go func() { ended <- scribble(w.sim, foreign, stop) }()
	vms := []string{"web-01", "web-02", "db-01"}
	for end, n := time.Now().Add(scribbling()), 0; time.Now().Before(end); n++ {
		for _, vm := range vms {
			w.applied(vm, spec([]string{vm}, func(s *wire.Spec) { s.SnapLength = 64 + n }))
		}
		w.remove(vms[n%len(vms)])
	}
	for _, vm := range vms {
		w.applied(vm, mirrorOf(vm))
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
	t.Logf("%d edits of the other, %d calls of ours to change the switch", s.edits, w.proxy.Calls(changeSwitch))
}

func theirs(w *world) sim.SessionSpec {
	return sim.SessionSpec{Name: "theirs", Enabled: true, FromVM: []string{w.vm("client-01").NICs[0].PortKey}, Destinations: []string{"127.0.0.9"}, Sampling: 1}
}

// scribbled is what the second client did.
type scribbled struct {
	edits, overwritten int
	last               int32 // snap length
	err                error
}

// scribble edits a session ten times a second until stop is closed, and looks each time whether the last edit stands.
func scribble(s *sim.Simulator, key string, stop <-chan struct{}) (did scribbled) {
	pace := time.NewTicker(100 * time.Millisecond)
	defer pace.Stop()
	for {
		did.err = s.EditSession(key, func(v *sim.SessionSpec) {
			if v.SnapLength != did.last {
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
		case <-pace.C:
		}
	}
}
