package vcenter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

func add(v mirror.VSPAN) mirror.Change { return mirror.Change{Operation: mirror.Add, Session: v} }

func byNameOf(sw mirror.Switch) map[string]mirror.VSPAN {
	m := make(map[string]mirror.VSPAN)
	for _, v := range sw.Sessions {
		m[v.Name] = v
	}
	return m
}

// Adding, editing and removing in one task, and what is read back is what was asked for.
func TestApply(t *testing.T) {
	t.Parallel()
	for _, merges := range []bool{false, true} {
		t.Run(fmt.Sprintf("edit merges %t", merges), func(t *testing.T) {
			s := startSim(t, sim.Options{EditMerges: merges})
			c := startClient(t, simConfig(s))
			sw := observe(t, c)
			web, db := portOf(t, sw, "web-01").Key, portOf(t, sw, "db-01").Key
			first, second := aSession("first", web), aSession("second", db)
			second.ERSPANID = 6
			if err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(first), add(second)}); err != nil {
				t.Fatal(err)
			}
			sw = observe(t, c)
			have := byNameOf(sw)
			if d := first.Differences(have["first"]); d != nil || have["first"].Key == "" {
				t.Errorf("differs in %v: %+v", d, have["first"])
			}

			edited := have["first"]
			edited.Encapsulation, edited.ERSPANID, edited.SnapLength, edited.Sampling = mirror.ERSPAN3, 9, 128, 3
			edited.Nanoseconds, edited.COS, edited.Enabled, edited.ToVM = true, 4, false, []string{db}
			edited.Destinations = []netip.Addr{netip.MustParseAddr("::1"), netip.MustParseAddr("127.0.0.3")}
			third := aSession("third", db)
			third.Encapsulation, third.ERSPANID = mirror.GRE, 0
			err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{
				{Operation: mirror.Remove, Session: have["second"]}, {Operation: mirror.Edit, Session: edited}, add(third),
			})
			if err != nil {
				t.Fatal(err)
			}
			after := observe(t, c)
			have = byNameOf(after)
			if d := edited.Differences(have["first"]); d != nil || have["first"].Key != edited.Key {
				t.Errorf("the edited one differs in %v: %+v", d, have["first"])
			}
			if d := third.Differences(have["third"]); d != nil {
				t.Errorf("the third differs in %v: %+v", d, have["third"])
			}
			if len(after.Sessions) != 2 || after.ConfigVersion == sw.ConfigVersion {
				t.Errorf("got sessions %v at version %s, from %s", have, after.ConfigVersion, sw.ConfigVersion)
			}
		})
	}
}

func TestApplyToAChangedSwitch(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	port := portOf(t, sw, "web-01").Key
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "theirs", FromVM: []string{port}, Destinations: []string{"127.0.0.9"}}); err != nil {
		t.Fatal(err)
	}
	err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", port))})
	if f := wantFault(t, err, mirror.ConcurrentAccess, `"DVS0"`); f.Permanent() {
		t.Error("it is said to be of no use to try again")
	}
	if have := byNameOf(observe(t, c)); len(have) != 1 {
		t.Errorf("got %v", have)
	}
}

func TestApplyWithoutPermission(t *testing.T) {
	s := startSim(t, sim.Options{})
	config := simConfig(s)
	config.Username = "reader"
	c := startClient(t, config)
	sw := observe(t, c)
	err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", portOf(t, sw, "web-01").Key))})
	wantFault(t, err, mirror.NoPermission, Privilege, `"reader"`, `"DVS0"`)
}

func TestApplyRefusedByVCenter(t *testing.T) {
	s := startSim(t, sim.Options{})
	if err := s.SetPromiscuous("prod-db", true); err != nil {
		t.Fatal(err)
	}
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	db := portOf(t, sw, "db-01").Key
	err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", db))})
	wantFault(t, err, mirror.VCenterFault, "VspanPromiscuousPortNotSupported", fmt.Sprintf("port %q", db))
	v := aSession("ours", portOf(t, sw, "web-01").Key)
	v.SnapLength = 10
	err = c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(v)})
	wantFault(t, err, mirror.VCenterFault, "mirroredPacketLength")
}

func TestApplyRefusedHere(t *testing.T) {
	c, err := New(Config{Name: "lab", URL: mustParse(t, "https://vc.example/sdk")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id := mirror.SwitchID{VCenter: "lab", UUID: "1"}
	good := aSession("ours", "1")
	for name, tc := range map[string]struct {
		change mirror.Change
		want   string
	}{
		"encapsulation":        {add(changed(good, func(v *mirror.VSPAN) { v.Encapsulation = 7 })), "want gre, erspan2 or erspan3"},
		"type":                 {add(changed(good, func(v *mirror.VSPAN) { v.Type = "remoteMirrorDest" })), `"remoteMirrorDest"`},
		"snap length":          {add(changed(good, func(v *mirror.VSPAN) { v.SnapLength = -1 })), "snap length -1"},
		"edit without a key":   {mirror.Change{Operation: mirror.Edit, Session: good}, "needs its key"},
		"remove without a key": {mirror.Change{Operation: mirror.Remove, Session: good}, "needs its key"},
		"operation":            {mirror.Change{Operation: 9, Session: good}, "unknown(9)"},
	} {
		// The client does not run: a call would wait for a login.
		err := c.Apply(t.Context(), id, "1", []mirror.Change{tc.change})
		if err == nil || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), `"ours"`) {
			t.Errorf("%s: got %v, want one with %q", name, err, tc.want)
		}
	}
	if err := c.Apply(t.Context(), id, "1", nil); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}

func changed(v mirror.VSPAN, f func(*mirror.VSPAN)) mirror.VSPAN {
	f(&v)
	return v
}

// A task that fails may have made its change: the error does not hide that it failed, and the read shows what it did.
func TestApplyTaskFails(t *testing.T) {
	t.Parallel()
	for _, stage := range []sim.TaskStage{sim.BeforeApply, sim.AfterApply} {
		t.Run(string(stage), func(t *testing.T) {
			s := startSim(t, sim.Options{})
			c := startClient(t, simConfig(s))
			sw := observe(t, c)
			if err := s.FailTask(stage, 1); err != nil {
				t.Fatal(err)
			}
			err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", portOf(t, sw, "web-01").Key))})
			wantFault(t, err, mirror.VCenterFault, "DvsFault", `"DVS0"`)
			if _, stands := byNameOf(observe(t, c))["ours"]; stands != (stage == sim.AfterApply) {
				t.Errorf("the session stands: %t", stands)
			}
		})
	}
}

// When the caller has no more time, the task goes on: the error says that nobody knows.
func TestApplyOutcomeUnknown(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	if err := s.TaskDelay(700 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := c.Apply(ctx, sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", portOf(t, sw, "web-01").Key))})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "is not known") || !strings.Contains(err.Error(), `"DVS0"`) {
		t.Fatalf("got %v", err)
	}
	eventually(t, "the task has made its change", func() bool { return len(observe(t, c).Sessions) == 1 })
}

// Only the version and the sessions are sent: anything more would need another privilege.
func TestConfigSpecHoldsNothingElse(t *testing.T) {
	spec, err := configSpec("17", []mirror.Change{
		add(changed(aSession("a", "1"), func(v *mirror.VSPAN) { v.Key = "9" })),
		{Operation: mirror.Remove, Session: mirror.VSPAN{Key: "3", Name: "b", Type: "mixedDestMirror"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if spec.VspanConfigSpec[0].VspanSession.Key != "" || spec.VspanConfigSpec[1].VspanSession.Key != "3" {
		t.Errorf("got keys %q and %q: want none for an addition, and the one to remove", spec.VspanConfigSpec[0].VspanSession.Key, spec.VspanConfigSpec[1].VspanSession.Key)
	}
	rest := *spec
	rest.VspanConfigSpec = nil
	if got := fmt.Sprintf("%+v", rest); got != fmt.Sprintf("%+v", types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{ConfigVersion: "17"}}) {
		t.Errorf("more is sent than version and sessions: %s", got)
	}
}

// A reply that was lost: nobody knows, and the error says so and by whose fault.
func TestLostReply(t *testing.T) {
	c, err := New(Config{Name: "lab", URL: mustParse(t, "https://vc.example/sdk")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lost := &url.Error{Op: "Post", URL: "https://vc.example/sdk", Err: io.ErrUnexpectedEOF}
	err = c.refused(t.Context(), nil, SwitchName{Name: "DVS0"}, errOutcome{lost})
	if f := wantFault(t, err, mirror.VCenterUnreachable, `"DVS0"`, "is not known", "vc.example"); f.Permanent() || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	gone := errOutcome{errLoginGone} // between the task's begin and its end
	wantFault(t, c.refused(t.Context(), nil, SwitchName{Name: "DVS0"}, gone), mirror.NotAuthenticated, `"DVS0"`, "is not known")
	wantFault(t, c.refused(t.Context(), nil, SwitchName{Name: "DVS0"}, errTask{types.LocalizedMethodFault{Fault: &types.NoPermission{}}}), mirror.NoPermission, Privilege)
}

// A host that refused is named by its name, not by its reference.
func TestRefusingHost(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fault := bulk()
	fault.HostFault[0].Host = host(sw.Hosts[1].ID)
	failed := errTask{types.LocalizedMethodFault{Fault: fault}}
	f := wantFault(t, c.refused(t.Context(), conn, SwitchName{Name: "DVS0"}, failed), mirror.HostRefused, sw.Hosts[1].Name, "PlatformConfigFault", "no room", `"DVS0"`)
	if strings.Contains(f.Text, sw.Hosts[1].ID) || f.Permanent() {
		t.Errorf("got %v", f)
	}
}
