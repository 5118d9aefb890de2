package vcsimtests

import (
	"bufio"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestWhoChangedASessionByHandIsTold: the daemon's own user changes the switch as well, before and after; only vCenter knows who did
// what is found.
func TestWhoChangedASessionByHandIsTold(t *testing.T) {
	t.Parallel()
	for name, meddle := range map[string]func(*sim.Simulator, string) error{
		"edited": func(s *sim.Simulator, key string) error {
			return s.EditSession(key, func(s *sim.SessionSpec) { s.SnapLength = 60 })
		},
		"renamed": func(s *sim.Simulator, key string) error {
			return s.EditSession(key, func(s *sim.SessionSpec) { s.Name = "mine now" })
		},
		"removed": func(s *sim.Simulator, key string) error { return s.RemoveSession(key) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.applied("web-02", mirrorOf("web-02"))
			key := w.applied("web-01", mirrorOf("web-01")).Status.Switch.SessionKey
			w.act(meddle(w.sim, key))
			await(t, soon, "the log says who changed the session", func() (bool, string) {
				told := w.drifts()
				return len(told) > 0, w.log.String()
			})
			for _, line := range w.drifts() {
				if !strings.Contains(line, "session=web-01 who=somebody ") {
					t.Errorf("told of a change: %s", line)
				}
			}
		})
	}
}

// drifts are the lines of the log that tell of sessions changed by others.
func (w *world) drifts() (lines []string) {
	for s := bufio.NewScanner(strings.NewReader(w.log.String())); s.Scan(); {
		if strings.Contains(s.Text(), "session was changed by somebody else") {
			lines = append(lines, s.Text())
		}
	}
	return lines
}
