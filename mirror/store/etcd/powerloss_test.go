package etcd

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/store"
)

// TestPowerLoss (failure 26): what was acknowledged is there after the power failed, whether all that was not synced then is lost or
// only some of it.
func TestPowerLoss(t *testing.T) {
	const seed = 26
	random := rand.New(rand.NewPCG(seed, seed))
	none := func() bool { return false }
	some := func() bool { return random.IntN(2) == 0 }
	for cut, lost := range cutPower(t, false, none, some, none, some, none, some) {
		if len(lost) > 0 {
			t.Errorf("cut %d: lost, and acknowledged before: %q", cut, lost)
		}
	}
}

// TestPowerLossIsOne: with syncs off the same test finds that sessions are lost, so it would find it.
func TestPowerLossIsOne(t *testing.T) {
	if lost := cutPower(t, true, func() bool { return false }); len(lost[0]) == 0 {
		t.Error("nothing was synced and nothing was lost: this power loss is none")
	}
}

// cutPower has another process write to a store on a volume and cuts the power once for each luck. It returns for each time the names
// that were acknowledged before and are not there afterwards.
func cutPower(t *testing.T, noSync bool, cuts ...func() bool) (lost [][]string) {
	t.Helper()
	v, dir := mount(t)
	// Another process, because one that maps a file of a file system that it serves may stop for ever.
	writer := start(t, task{Dir: filepath.Join(dir, "data"), NoSync: noSync, Writes: true}, "open")
	var acknowledged []string
	before := make([]int, len(cuts)) // that many
	left := make([]string, len(cuts))
	for cut, luck := range cuts {
		for range 7 + 13*cut {
			line, err := writer.out.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			acknowledged = append(acknowledged, strings.TrimSpace(line))
		}
		before[cut], left[cut] = len(acknowledged), t.TempDir()
		v.powerLoss(t, left[cut], luck)
	}
	writer.kill()
	for cut := range cuts {
		lost = append(lost, missing(t, filepath.Join(left[cut], "data"), acknowledged[:before[cut]]))
	}
	return lost
}

// missing opens what a power loss left and returns the names that are not in it.
func missing(t *testing.T, dir string, names []string) (lost []string) {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{StartTimeout: 10 * time.Second})
	if err != nil {
		return []string{"everything: " + err.Error()}
	}
	defer closeStore(t, s)
	for _, name := range names {
		if _, err := s.Get(t.Context(), name); errors.Is(err, store.ErrNotFound) {
			lost = append(lost, name)
		} else if err != nil {
			t.Error(err)
		}
	}
	return lost
}
