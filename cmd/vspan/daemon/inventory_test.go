package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// fakeReadings are switches of vCenters of which some are away and some answer nothing.
type fakeReadings struct {
	switches []mirror.Switch
	away     map[string]*mirror.Fault
	stalled  map[string]bool
	unread   *mirror.Fault
}

func (f fakeReadings) Switches() []mirror.Switch { return f.switches }

func (f fakeReadings) Unread() *mirror.Fault { return f.unread }

func (f fakeReadings) Refresh(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	if f.stalled[id.VCenter] {
		<-ctx.Done()
		return mirror.Switch{}, fmt.Errorf("read switch %s: %w", id.UUID, ctx.Err())
	}
	if fault := f.away[id.VCenter]; fault != nil {
		return mirror.Switch{}, fault
	}
	return mirror.Switch{ID: id, Name: id.UUID, ReadAt: time.Now()}, nil
}

// readingsOf are the readings of vCenters with ten switches each, read a minute ago.
func readingsOf(vcenters ...string) fakeReadings {
	f := fakeReadings{away: make(map[string]*mirror.Fault), stalled: make(map[string]bool)}
	for _, v := range vcenters {
		for n := range 10 {
			id := mirror.SwitchID{VCenter: v, UUID: fmt.Sprintf("%s %d", v, n)}
			f.switches = append(f.switches, mirror.Switch{ID: id, Name: id.UUID, ReadAt: time.Now().Add(-time.Minute)})
		}
	}
	return f
}

// renewed counts the switches of a vCenter that were read since a moment.
func renewed(switches []mirror.Switch, vcenter string, since time.Time) (n, of int) {
	for _, sw := range switches {
		if sw.ID.VCenter == vcenter {
			of++
			if !sw.ReadAt.Before(since) {
				n++
			}
		}
	}
	return n, of
}

// A vCenter that is away, or answers nothing, keeps nobody from the switches of another.
func TestFreshSwitchesOfSeveralVCenters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := readingsOf("away", "here", "slow")
		f.away["away"] = mirror.Faultf(mirror.VCenterUnreachable, `vCenter "away"`, "no answer")
		f.stalled["slow"] = true
		before, began := slices.Clone(f.switches), time.Now()
		got, err := inventory{f}.Switches(t.Context(), "", true)
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != freshTime {
			t.Errorf("it took %v", took)
		}
		for vcenter, want := range map[string]int{"away": 0, "here": 10, "slow": 0} {
			if n, of := renewed(got, vcenter, began); n != want || of != 10 {
				t.Errorf("%s: %d of %d switches were read now, want %d of 10", vcenter, n, of, want)
			}
		}
		if n, _ := renewed(before, "here", began); n != 0 || !f.switches[10].ReadAt.Equal(before[10].ReadAt) {
			t.Error("the reconciler's own list was written")
		}

		began = time.Now()
		if got, err = (inventory{f}).Switches(t.Context(), "here", true); err != nil || len(got) != 10 || time.Since(began) != 0 {
			t.Errorf("of one vCenter: %d switches after %v, %v", len(got), time.Since(began), err)
		}
		if _, err = (inventory{f}).Switches(t.Context(), "away", true); !errors.Is(err, f.away["away"]) {
			t.Errorf("none could be read: %v", err)
		}
		if _, err = (inventory{f}).Switches(t.Context(), "slow", true); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("none was read in time: %v", err)
		}
		if got, err = (inventory{f}).Switches(t.Context(), "away", false); err != nil || len(got) != 10 {
			t.Errorf("as they were last read: %d switches, %v", len(got), err)
		}
	})
}

func TestSwitchesThatWereNeverRead(t *testing.T) {
	unread := mirror.Faultf(mirror.VCenterUnreachable, `vCenter "a"`, "no answer")
	if _, err := (inventory{fakeReadings{unread: unread}}).Switches(t.Context(), "", false); !errors.Is(err, unread) {
		t.Errorf("got %v", err)
	}
	if got, err := (inventory{fakeReadings{}}).Switches(t.Context(), "", true); err != nil || len(got) != 0 {
		t.Errorf("there are none: %+v, %v", got, err)
	}
}
