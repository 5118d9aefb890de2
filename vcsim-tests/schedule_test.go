package vcsimtests

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How many schedules TestSchedules runs, and which one alone: a failing schedule is repeated by its number. The number decides what is
// done in which order; how the daemon's tasks interleave with it is the machine's.
const (
	seedsVariable = "VSPAN_SEEDS"
	seedVariable  = "VSPAN_SEED"
	defaultSeeds  = 6
	steps         = 30
)

// TestSchedules lets users, people at the vSphere Client, vCenter, the network, crashes and the clock do what a seed decides, and holds
// the invariants against what comes of it: I1 to I6 of the design, all the while and when it has calmed down.
func TestSchedules(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(t, seed)
			dir := t.TempDir()
			s.live(&within{s: s, dir: dir})
			defer s.explain()
			for range steps {
				s.step()
				s.check()
			}
			s.calm()
			s.checkEnd()
			s.life.end()
			s.checkRecords(dir)
		})
	}
}

func seeds(t *testing.T) []uint64 {
	if os.Getenv(seedVariable) != "" {
		return []uint64{number(t, seedVariable, 0)}
	}
	var list []uint64
	for n := range number(t, seedsVariable, defaultSeeds) {
		list = append(list, n)
	}
	return list
}

// number reads a variable of the environment.
func number(t *testing.T, variable string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// schedule is one run: a simulated vCenter behind a fault proxy, a daemon with a data directory, and what was asked of it.
type schedule struct {
	*world
	seed  uint64
	rand  *rand.Rand
	life  lives
	asked map[string]*asked // by name
	made  int
	vms   []string // that there are
	jump  *clock
	trace []string
	// strangers are the sessions that others made, by key, as they are to stay.
	strangers map[string]string
	began     time.Time // by vCenter's clock
}

// did notes a step, for the story of a failing schedule.
func (s *schedule) did(format string, args ...any) {
	s.trace = append(s.trace, fmt.Sprintf(format, args...))
}

// explain tells how to repeat a schedule that failed.
func (s *schedule) explain() {
	if s.t.Failed() {
		s.t.Logf("%s=%d repeats it; what was done:\n  %s", seedVariable, s.seed, strings.Join(s.trace, "\n  "))
	}
}

// fail ends the schedule.
func (s *schedule) fail(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, step %d: %s", s.seed, len(s.trace), fmt.Sprintf(format, args...))
}

func (s *schedule) oneOf(names ...string) string { return names[s.rand.IntN(len(names))] }
