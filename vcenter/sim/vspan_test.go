package sim_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestSessionIsAddedEditedAndRemoved(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, sim.Options{Emit: sim.EmitOff}))
	if v := c.config().ConfigVersion; v != "1" {
		t.Fatalf("configVersion of a new switch is %q, want 1", v)
	}
	want := l3("web-01", "0", "127.0.0.1")
	if err := c.apply(add(want)); err != nil {
		t.Fatal(err)
	}
	config := c.config()
	if config.ConfigVersion != "2" || len(config.VspanSession) != 1 {
		t.Fatalf("after adding: version %q, %d sessions; want 2, 1", config.ConfigVersion, len(config.VspanSession))
	}
	got := config.VspanSession[0]
	if got.Key == "" {
		t.Error("the session has no key")
	}
	want.Key = got.Key
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("session read back (-want +got):\n%s", diff)
	}

	want.Enabled, want.EncapType, want.ErspanId = false, "erspan3", 9
	want.ErspanGraNanosec = types.NewBool(true)
	if err := c.apply(types.VMwareDVSVspanConfigSpec{Operation: "edit", VspanSession: want}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, c.config().VspanSession[0]); diff != "" {
		t.Errorf("session after the edit (-want +got):\n%s", diff)
	}
	remove := types.VMwareDVSVspanConfigSpec{Operation: "remove", VspanSession: types.VMwareVspanSession{Key: want.Key}}
	if err := c.apply(remove); err != nil {
		t.Fatal(err)
	}
	if config := c.config(); len(config.VspanSession) != 0 || config.ConfigVersion != "4" {
		t.Errorf("after removing: %d sessions at version %q, want none at 4", len(config.VspanSession), config.ConfigVersion)
	}
	if err := c.apply(remove); !fault.Is(err, &types.NotFound{}) {
		t.Errorf("removing twice: %v, want NotFound", err)
	}
}
