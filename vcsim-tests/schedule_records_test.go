package vcsimtests

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/vcenter"
)

// checkRecords is I4: of each change that vCenter recorded of the daemon's user there is an earlier record in the daemon's journal,
// with what was done and to which session.
func (s *schedule) checkRecords(dir string) {
	s.t.Helper()
	j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{})
	s.act(err)
	defer func() { s.act(j.Close()) }()
	recorded := make(map[string]int) // announced, by operation and UID
	removals := 0
	for _, e := range j.Since(0, 0) {
		if e.Kind != mirror.Applying {
			continue
		}
		operation, _, _ := strings.Cut(e.Text, ",")
		recorded[operation+" "+e.UID]++
		if operation == mirror.Remove.String() {
			removals++
		}
	}
	made := 0
	for _, c := range s.reconfigurations() {
		for _, change := range c.Changes {
			if c.User != s.vcenter.Username {
				continue
			}
			made++
			key := fmt.Sprint(change.Operation, " ", change.UID)
			if change.Operation == mirror.Remove { // vCenter's record of it need not name more than the key
				if removals--; removals < 0 {
					s.fail("I4: the removal of key %s is in no record", change.Key)
				}
				continue
			}
			if recorded[key]--; recorded[key] < 0 {
				s.fail("I4: %s of session %q (key %s) at %v is in no record", change.Operation, change.Name, change.Key, c.At)
			}
		}
	}
	if made == 0 && len(s.asked) > 0 {
		s.did("vCenter recorded no change of the daemon's")
	}
}

// reconfigurations are the changes of the switch that vCenter recorded, whoever made them.
func (s *schedule) reconfigurations() []mirror.Reconfiguration {
	s.t.Helper()
	config := s.vcenter
	config.Timeout = time.Minute // it reads once, whatever else the machine does
	c, err := vcenter.New(config, logTo(s.log).With("of", "reader"))
	s.act(err)
	s.proxy.Clear()
	stop := runFor(s.t, "reader", c.Run, closed)
	defer stop()
	id := mirror.SwitchID{VCenter: s.vcenter.Name, UUID: s.sim.State().Switch.UUID}
	list, err := c.Reconfigurations(s.t.Context(), id, s.began.Add(-1e9))
	s.act(err)
	return list
}

// closed is ready from the start.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()
