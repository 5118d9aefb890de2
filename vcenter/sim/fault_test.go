package sim_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestRefusedSessions goes through what vCenter refuses. Every refusal leaves
// the switch as it was, also when it is the second operation of a call.
func TestRefusedSessions(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	if err := s.SetPromiscuous("prod-db", true); err != nil {
		t.Fatal(err)
	}
	web, db := vm(t, s, "web-01").NICs[0].PortKey, vm(t, s, "db-01").NICs[0].PortKey
	invalid := func(field string) string { return "InvalidArgument spec.vspanConfigSpec.vspanSession." + field }
	tests := []struct {
		name string
		edit func(*types.VMwareVspanSession)
		want string
	}{
		{"unknown session type", func(v *types.VMwareVspanSession) { v.SessionType = "teleport" }, invalid("sessionType")},
		{"unknown encapsulation", func(v *types.VMwareVspanSession) { v.EncapType = "vxlan" }, invalid("encapType")},
		{"id too big", func(v *types.VMwareVspanSession) { v.ErspanId = 1024 }, invalid("erspanId")},
		{"id negative", func(v *types.VMwareVspanSession) { v.ErspanId = -1 }, invalid("erspanId")},
		{"cos too big", func(v *types.VMwareVspanSession) { v.ErspanCOS = 8 }, invalid("erspanCOS")},
		{"snap length too small", func(v *types.VMwareVspanSession) { v.MirroredPacketLength = 59 }, invalid("mirroredPacketLength")},
		{"sampling too big", func(v *types.VMwareVspanSession) { v.SamplingRate = 65536 }, invalid("samplingRate")},
		{"sampling negative", func(v *types.VMwareVspanSession) { v.SamplingRate = -1 }, invalid("samplingRate")},
		{"unknown netstack", func(v *types.VMwareVspanSession) { v.Netstack = "pancake" }, invalid("netstack")},
		{"unknown port", func(v *types.VMwareVspanSession) { v.SourcePortReceived.PortKey = []string{web, "4711"} }, invalid("sourcePortReceived.portKey")},
		{"uplink name", func(v *types.VMwareVspanSession) { v.SourcePortReceived.UplinkPortName = []string{"Uplink 1"} }, invalid("sourcePortReceived.uplinkPortName")},
		{"wildcard", func(v *types.VMwareVspanSession) {
			v.SourcePortTransmitted.WildcardPortConnecteeType = []string{"vmVnic"}
		}, invalid("sourcePortTransmitted.wildcardPortConnecteeType")},
		{"no destination", func(v *types.VMwareVspanSession) { v.DestinationPort = nil }, invalid("destinationPort")},
		{"no address", func(v *types.VMwareVspanSession) { v.DestinationPort.IpAddress = nil }, invalid("destinationPort.ipAddress")},
		{"bad address", func(v *types.VMwareVspanSession) { v.DestinationPort.IpAddress = []string{"10.0.0.256"} }, invalid("destinationPort.ipAddress")},
		{"multicast address", func(v *types.VMwareVspanSession) { v.DestinationPort.IpAddress = []string{"224.0.0.1"} }, invalid("destinationPort.ipAddress")},
		{"port as destination", func(v *types.VMwareVspanSession) { v.DestinationPort.PortKey = []string{"3"} }, invalid("destinationPort.ipAddress")},
		{"promiscuous towards the machine", func(v *types.VMwareVspanSession) { v.SourcePortTransmitted.PortKey = []string{db} }, "VspanPromiscuousPortNotSupported " + db},
		{"source and destination", func(v *types.VMwareVspanSession) {
			v.SessionType, v.DestinationPort = "dvPortMirror", &types.VMwareVspanPort{PortKey: []string{web}}
		}, "VspanSameSessionPortConflict " + web},
	}
	before := c.config()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := l3("bad", web, "127.0.0.1")
			tt.edit(&v)
			err := c.apply(add(l3("good", web, "127.0.0.1")), add(v))
			if got := describe(err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if diff := cmp.Diff(before, c.config()); diff != "" {
		t.Errorf("refusals changed the switch (-before +after):\n%s", diff)
	}
}

// describe names a fault with what it is about.
func describe(err error) string {
	var text string
	fault.In(err, func(f types.BaseMethodFault, _ string, _ []types.LocalizableMessage) bool {
		text = strings.TrimPrefix(fmt.Sprintf("%T", f), "*types.")
		switch x := f.(type) {
		case *types.InvalidArgument:
			text += " " + x.InvalidProperty
		case *types.VspanPromiscuousPortNotSupported:
			text += " " + x.PortKey
		case *types.VspanSameSessionPortConflict:
			text += " " + x.PortKey
		case *types.VspanDestPortConflict:
			text += " " + x.PortKey
		case *types.VspanPortConflict:
			text += " " + x.PortKey
		}
		return true
	})
	return text
}

func TestPortConflictsBetweenSessions(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	toPort := func(name, source, destination string) types.VMwareVspanSession {
		v := l3(name, source, "")
		v.SessionType, v.DestinationPort = "dvPortMirror", &types.VMwareVspanPort{PortKey: []string{destination}}
		return v
	}
	if err := c.apply(add(toPort("first", "0", "8"))); err != nil {
		t.Fatal(err)
	}
	if got := describe(c.apply(add(toPort("second", "1", "8")))); got != "VspanDestPortConflict 8" {
		t.Errorf("two sessions to one port: %q", got)
	}
	if got := describe(c.apply(add(l3("third", "8", "127.0.0.1")))); got != "VspanPortConflict 8" {
		t.Errorf("mirroring a destination: %q", got)
	}
}

func TestEditAndRemoveNeedAKey(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, sim.Options{Emit: sim.EmitOff}))
	for _, operation := range []string{"edit", "remove"} {
		v := l3("x", "0", "127.0.0.1")
		if got := describe(c.apply(types.VMwareDVSVspanConfigSpec{Operation: operation, VspanSession: v})); got != "InvalidArgument spec.vspanConfigSpec.vspanSession.key" {
			t.Errorf("%s without a key: %q", operation, got)
		}
		v.Key = "4711"
		if got := describe(c.apply(types.VMwareDVSVspanConfigSpec{Operation: operation, VspanSession: v})); got != "NotFound" {
			t.Errorf("%s of an unknown key: %q", operation, got)
		}
	}
	if got := describe(c.apply(types.VMwareDVSVspanConfigSpec{Operation: "frobnicate"})); got != "InvalidArgument spec.vspanConfigSpec.operation" {
		t.Errorf("unknown operation: %q", got)
	}
}

func TestConcurrentAccess(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	for _, version := range []string{"", "0", "7"} {
		if err := c.applyAt(version, add(l3("late", "0", "127.0.0.1"))); !fault.Is(err, &types.ConcurrentAccess{}) {
			t.Errorf("version %q: %v, want ConcurrentAccess", version, err)
		}
	}
	if n := len(c.config().VspanSession); n != 0 {
		t.Fatalf("%d sessions after stale versions", n)
	}
	// Writers at the same version: one wins each time, so every success is one version.
	var wins sync.Map
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if err := c.applyAt("1", add(l3(fmt.Sprint(i), "0", "127.0.0.1"))); err == nil {
				wins.Store(i, true)
			} else if !fault.Is(err, &types.ConcurrentAccess{}) {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	group.Wait()
	won := 0
	wins.Range(func(any, any) bool { won++; return true })
	if config := c.config(); won != 1 || len(config.VspanSession) != 1 || config.ConfigVersion != "2" {
		t.Errorf("%d of 8 writers won, %d sessions, version %s; want 1, 1, 2", won, len(config.VspanSession), config.ConfigVersion)
	}
}

func TestEditReplacesOrMerges(t *testing.T) {
	t.Parallel()
	for _, merges := range []bool{false, true} {
		s := start(t, sim.Options{Emit: sim.EmitOff, EditMerges: merges})
		c := dial(t, s)
		v := l3("whole", "0", "127.0.0.1")
		v.MirroredPacketLength, v.Description = 128, "kept?"
		if err := c.apply(add(v)); err != nil {
			t.Fatal(err)
		}
		edit := l3("whole", "0", "127.0.0.1")
		edit.Key = c.config().VspanSession[0].Key
		if err := c.apply(types.VMwareDVSVspanConfigSpec{Operation: "edit", VspanSession: edit}); err != nil {
			t.Fatal(err)
		}
		got := c.config().VspanSession[0]
		if kept := got.MirroredPacketLength == 128 && got.Description == "kept?"; kept != merges {
			t.Errorf("EditMerges %v: snap length %d, description %q", merges, got.MirroredPacketLength, got.Description)
		}
	}
}

func TestTaskTrouble(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	if err := s.FailTask(sim.BeforeApply, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.apply(add(l3("a", "0", "127.0.0.1"))); !fault.Is(err, &types.DvsFault{}) || len(c.config().VspanSession) != 0 {
		t.Errorf("failed before applying: %v, %d sessions; want DvsFault, 0", err, len(c.config().VspanSession))
	}
	if err := s.FailTask(sim.AfterApply, 1); err != nil {
		t.Fatal(err)
	}
	if err := c.apply(add(l3("a", "0", "127.0.0.1"))); !fault.Is(err, &types.DvsFault{}) || len(c.config().VspanSession) != 1 {
		t.Errorf("failed after applying: %v, %d sessions; want DvsFault, 1", err, len(c.config().VspanSession))
	}
	if err := c.apply(add(l3("b", "0", "127.0.0.1"))); err != nil {
		t.Errorf("the trouble was to be over: %v", err)
	}

	// A delayed task does not keep readers waiting, and meets a version that
	// has moved on when it is done.
	const delay = time.Second
	if err := s.TaskDelay(delay); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	late := make(chan error, 1)
	version := c.config().ConfigVersion
	go func() { late <- c.applyAt(version, add(l3("late", "0", "127.0.0.1"))) }()
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "first", Destinations: []string{"127.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	if n := len(c.config().VspanSession); n != 3 {
		t.Errorf("%d sessions while a task is pending, want 3", n)
	}
	if read := time.Since(began); read >= delay {
		t.Errorf("reading took %v while a task of %v was pending", read, delay)
	}
	if err := <-late; !fault.Is(err, &types.ConcurrentAccess{}) || time.Since(began) < delay {
		t.Errorf("the late task gave %v after %v; want ConcurrentAccess after %v", err, time.Since(began), delay)
	}
}
