package api

import (
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// fakeBrake holds what it is told to.
type fakeBrake struct {
	held     []mirror.Hold
	released []string
}

func (f *fakeBrake) Held() []mirror.Hold { return f.held }

func (f *fakeBrake) Release(name string) (int, error) {
	f.released = append(f.released, name)
	for _, h := range f.held {
		if h.Switch.UUID == name {
			return len(h.Changes), nil
		}
	}
	return 0, mirror.Faultf(mirror.SwitchNotFound, name, "there is none")
}

func TestWhatIsHeldIsShownAndReleased(t *testing.T) {
	brake := &fakeBrake{held: []mirror.Hold{{Switch: mirror.SwitchID{VCenter: "a", UUID: "50 01"}, SwitchName: "DVS0", Changes: []mirror.Change{
		{Operation: mirror.Remove, UID: "u2", Session: mirror.VSPAN{Key: "13", Name: "web-02"}, Why: "it can no longer be placed"},
		{Operation: mirror.Remove, UID: "u1", Session: mirror.VSPAN{Key: "12", Name: "web-01"}, Why: "it can no longer be placed"},
	}}}}
	f := newFixture(t, func(o *Options) { o.Brake = brake })
	f.vcenter.switches = inventory("")
	for i, want := range []int{2, 0, 0} {
		if got := decoded[wire.SwitchList](f.call("GET", "/v1/switches", "").want(200)).Items[i]; got.Held != want {
			t.Errorf("%s/%s: %d held, want %d", got.VCenter, got.Name, got.Held, want)
		}
	}
	first := decoded[wire.OperationList](f.call("GET", "/v1/switches/DVS0/held?vcenter=a&pageSize=1", "").want(200))
	if len(first.Items) != 1 || first.Items[0].Session.Name != "web-01" || first.Items[0].Operation != "remove" || first.NextPageToken == "" {
		t.Errorf("got %+v", first)
	}
	if brake.held[0].Changes[0].UID != "u2" {
		t.Error("the brake's own list was sorted")
	}
	if none := decoded[wire.OperationList](f.call("GET", "/v1/switches/DVS1/held", "").want(200)); none.Items == nil || len(none.Items) != 0 {
		t.Errorf("got %+v", none)
	}
	f.call("POST", "/v1/switches/DVS0:release", "").problem(409, "switch_ambiguous", "")
	f.call("POST", "/v1/switches/DVS9:release", "").problem(404, "switch_not_found", "")
	if len(brake.released) != 0 {
		t.Fatalf("released %v", brake.released)
	}
	if got := decoded[wire.Release](f.call("POST", "/v1/switches/DVS0:release?vcenter=a", "").want(200)); got.Released != 2 || brake.released[0] != "50 01" {
		t.Errorf("got %+v, %v", got, brake.released)
	}
}

func TestADaemonWithoutABrake(t *testing.T) {
	f := newFixture(t)
	f.vcenter.switches = inventory("")
	if got := decoded[wire.Release](f.call("POST", "/v1/switches/DVS1:release", "").want(200)); got.Released != 0 {
		t.Errorf("got %+v", got)
	}
}
