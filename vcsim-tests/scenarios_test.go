package vcsimtests

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestScenarios plays every scenario, each with one of its encapsulations, or with VSPAN_SCENARIOS=all with every one of them.
func TestScenarios(t *testing.T) {
	t.Parallel()
	total := newScore()
	room := make(chan struct{}, abreast)
	var plays sync.WaitGroup
	defer func() {
		plays.Wait()
		t.Logf("%s", total)
		boundDelays(t, total)
	}()
	for i, s := range readScenarios(t) {
		encapsulations := s.encapsulations
		if os.Getenv("VSPAN_SCENARIOS") != "all" {
			n := i % len(encapsulations)
			encapsulations = encapsulations[n : n+1]
		}
		for _, e := range encapsulations {
			room <- struct{}{}
			plays.Go(func() {
				defer func() { <-room }()
				// Not t.Parallel, which would have the scenarios wait for one another's room among all tests.
				t.Run(s.name+"/"+e, func(t *testing.T) { playScenario(t, &s, e, total) })
			})
		}
	}
}

// boundDelays holds the times to the right verdict against their goals, with room for a machine that has other things to do: the goals
// are 2 s for delivering, from the first packet on, and 15 s for lost.
func boundDelays(t *testing.T, total *score) {
	for state, most := range map[string]time.Duration{"delivering": 8 * time.Second, "lost": 20 * time.Second} {
		list := total.quickest(state)
		if len(list) == 0 {
			continue // a run of some scenarios alone
		}
		if got := centile(list, 50).took; got > most {
			t.Errorf("half of the times it took more than %v to say %s, want at most %v", got, state, most)
		}
	}
}

// TestScenariosCoverTheRows: each encapsulation meets each of what happens to mirrors, and every diagnosis is wanted somewhere.
func TestScenariosCoverTheRows(t *testing.T) {
	t.Parallel()
	list := readScenarios(t)
	if len(list) < 30 {
		t.Errorf("%d scenarios, want at least 30", len(list))
	}
	for _, row := range []string{
		"healthy", "idle", "path-broken", "one-of-three-silent", "vmotion", "spoofed", "wrong-", "loss-1", "loss-30", "reorder",
		"large-frames-lost", "receiver-overloaded", "vcenter-down", "port-reassigned",
	} {
		for _, e := range []string{"gre", "erspan2", "erspan3"} {
			if !covered(list, row, e) {
				t.Errorf("no scenario %q with %s", row, e)
			}
		}
	}
	for _, code := range []string{
		"mtu_on_path", "host_silent", "direction_missing", "wrong_encapsulation", "wrong_erspan_id", "duplicate_copies", "mirror_loop",
		"vmkernel_source", "receiver_dropping", "stopped_at_vmotion", "unlisted_source", "sequence_loss", "counters_frozen", "clock_skew",
	} {
		if !diagnosed(list, code) {
			t.Errorf("no scenario wants the diagnosis %s", code)
		}
	}
}

func covered(list []scenario, row, encapsulation string) bool {
	for _, s := range list {
		if strings.HasPrefix(s.name, row) {
			for _, e := range s.encapsulations {
				if e == encapsulation {
					return true
				}
			}
		}
	}
	return false
}

func diagnosed(list []scenario, code string) bool {
	for _, s := range list {
		for _, step := range s.steps {
			for _, d := range step.diagnoses {
				if d.code == code {
					return true
				}
			}
		}
	}
	return false
}
