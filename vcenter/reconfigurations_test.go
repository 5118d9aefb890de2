package vcenter

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

func reconfigurations(t *testing.T, c *Client, id mirror.SwitchID, since time.Time) []mirror.Reconfiguration {
	t.Helper()
	list, err := c.Reconfigurations(t.Context(), id, since)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What the client changed and what somebody changed by hand are told apart by the user, and the former by the version it was made of.
func TestReconfigurations(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	first := observe(t, c)
	began := time.Now()
	marker := mirror.Marker{Owner: "here", UID: "5b0f6ad6-2f0c-4c39-9f0d-0d6a3b1f2c11", Generation: 1}
	ours := aSession("ours", portOf(t, first, "web-01").Key)
	ours.Description = marker.String()
	if err := c.Apply(t.Context(), first.ID, first.ConfigVersion, []mirror.Change{add(ours)}); err != nil {
		t.Fatal(err)
	}
	sw := observe(t, c)
	key := byNameOf(sw)["ours"].Key
	if err := s.EditSession(key, func(s *sim.SessionSpec) { s.Enabled = false }); err != nil {
		t.Fatal(err)
	}
	edited := observe(t, c).ConfigVersion
	if err := s.RemoveSession(key); err != nil {
		t.Fatal(err)
	}
	got := reconfigurations(t, c, sw.ID, began)
	want := []mirror.Reconfiguration{
		{User: "user", ConfigVersion: first.ConfigVersion, Changes: []mirror.SessionChange{{Operation: mirror.Add, Name: "ours", UID: marker.UID}}},
		{User: "somebody", ConfigVersion: sw.ConfigVersion, Changes: []mirror.SessionChange{{Operation: mirror.Edit, Key: key, Name: "ours", UID: marker.UID}}},
		{User: "somebody", ConfigVersion: edited, Changes: []mirror.SessionChange{{Operation: mirror.Remove, Key: key}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(mirror.Reconfiguration{}, "At")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, r := range got {
		if r.At.Before(began) || r.At.After(time.Now()) || i > 0 && r.At.Before(got[i-1].At) {
			t.Errorf("the %d. change is said to be of %v, the test began at %v", i+1, r.At, began)
		}
	}
	if late := reconfigurations(t, c, sw.ID, got[2].At.Add(time.Microsecond)); len(late) != 0 {
		t.Errorf("changes after the last one: %+v", late)
	}
	_, err := c.Reconfigurations(t.Context(), mirror.SwitchID{VCenter: "lab", UUID: "none"}, began)
	wantFault(t, err, mirror.SwitchNotFound)
}

// Of very many changes the newest are returned, and what vCenter says is bounded.
func TestManyReconfigurations(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	key, err := theirSession(s)
	if err != nil {
		t.Fatal(err)
	}
	const n = maxReconfigurations + 20
	for i := range n {
		if err := s.EditSession(key, func(s *sim.SessionSpec) { s.Name = fmt.Sprintf("session %d\n%0500d", i, 0) }); err != nil {
			t.Fatal(err)
		}
	}
	got := reconfigurations(t, c, only(t, c).ID, time.Now().Add(-time.Hour))
	if len(got) != maxReconfigurations {
		t.Fatalf("%d changes are returned, want %d", len(got), maxReconfigurations)
	}
	for i, r := range got {
		if name, want := r.Changes[0].Name, phrase(fmt.Sprintf("session %d\n%0500d", n-maxReconfigurations+i, 0)); name != want {
			t.Fatalf("the %d. change is of %q, want %q", i+1, name, want)
		}
	}
}
