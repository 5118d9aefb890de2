package vcsimtests

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api/wire"
)

// TestFiveHundredAtOnce: that many sessions, asked for as fast as the API takes them, cost the switch a few tasks, not one each; and
// then nothing more.
func TestFiveHundredAtOnce(t *testing.T) {
	t.Parallel()
	const many, most = 500, 10
	w := newProxiedWorld(t, func(s *setup) { s.daemon.DataDir = t.TempDir() })
	vms := w.sim.State().VMs
	began := time.Now()
	var asking errgroup.Group
	asking.SetLimit(32)
	for i := range many {
		asking.Go(func() error {
			a, err := w.try(http.MethodPut, fmt.Sprintf("/v1/sessions/s-%d", i), wire.SessionInput{Spec: mirrorOf(vms[i%len(vms)].Name)})
			if err == nil && a.status != http.StatusCreated {
				err = fmt.Errorf("answered %d: %s", a.status, a.body)
			}
			return err
		})
	}
	if err := asking.Wait(); err != nil {
		t.Fatal(err)
	}
	asked := time.Since(began)
	await(t, 60*time.Second, "all sessions stand", func() (bool, string) {
		n := len(w.sim.State().Sessions)
		return n == many, fmt.Sprintf("%d of %d", n, many)
	})
	stand := time.Since(began)
	for i := range many {
		w.until(fmt.Sprintf("s-%d", i), soon, "stands on the switch", asAsked)
	}
	calls := w.proxy.Calls("ReconfigureDvs_Task")
	t.Logf("%d sessions: asked for within %v, standing after %v, %d tasks", many, asked, stand, calls)
	if calls > most {
		t.Errorf("%d tasks, want %d at most", calls, most)
	}
	if later, _ := w.callsWithin(3 * time.Second); later["ReconfigureDvs_Task"] > 0 {
		t.Errorf("and %d more tasks when nothing was asked for any more: %v", later["ReconfigureDvs_Task"], later)
	}
}
