package main

import (
	"cmp"
	"context"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
)

var (
	// testSwitch has a VM for each thing that can become of a session, see settle.
	testSwitch = mirror.Switch{
		ID: mirror.SwitchID{VCenter: "default", UUID: "50 1e"}, Name: "DVS0", Version: "8.0.0", ConfigVersion: "17",
		Capabilities: mirror.Capabilities{L3Source: mirror.Supported, ERSPAN: mirror.Supported},
		Hosts: []mirror.Host{
			{Name: "esx-01", Connected: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.11")}},
			{Name: "esx-02", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.12")}},
		},
		Portgroups: []mirror.Portgroup{{Key: "pg-1", Name: "prod"}},
		Ports: []mirror.Port{
			vmPort("100", "web-01", "00:50:56:00:00:01"), vmPort("101", "broken", "00:50:56:00:00:02"), vmPort("102", "silent", "00:50:56:00:00:03"),
			vmPort("103", "evil\x1b[31m", "00:50:56:00:00:04"),
			{Key: "8", Portgroup: "uplinks", Connectee: mirror.Uplink, Host: "esx-01", Connected: true, LinkUp: true},
		},
	}
	receiver = netip.MustParseAddr("10.2.1.110")
)

func vmPort(key, vm, mac string) mirror.Port {
	return mirror.Port{
		Key: key, Portgroup: "prod", PortgroupKey: "pg-1", Connectee: mirror.VMNIC, VM: vm, VMID: "vm-" + key,
		NIC: "Network adapter 1", MAC: mac, Host: "esx-01", Connected: true, LinkUp: true,
	}
}

// testDaemon is the real API over the real store, with a switch that does not move and, in place of reconciling and receiving,
// what becomes of a session settled by the VM it mirrors.
type testDaemon struct {
	store *left
	board *store.Board
}

// startDaemon returns the address of a daemon, what is left on its switch, and what ends it.
func startDaemon() (address string, l *left, stop func()) {
	d := testDaemon{newLeft(), store.NewBoard()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.run(ctx)
	}()
	history, err := journal.Open("", journal.Options{})
	if err != nil {
		panic(err)
	}
	server := httptest.NewServer(api.New(api.Options{
		Store: d.store, Board: d.board, History: history, Planner: d, Inventory: d, Owner: "test", Orphans: d.store, Brake: d.store, Cluster: cluster{d.store}, Facts: d,
		Payload: true, Packets: testPackets{},
	}))
	return server.URL, d.store, func() {
		server.Close()
		cancel()
		<-done
	}
}

// run follows the store until ctx ends.
func (d testDaemon) run(ctx context.Context) {
	events, err := d.store.Watch(ctx, 0)
	if err != nil {
		panic(err)
	}
	for e := range events {
		switch s := e.Session; {
		case e.Removed:
			d.board.Forget(s.UID)
		case s.Deleting():
			_ = d.store.Remove(ctx, s.Name, s.Revision) // fails when the session was changed since; then another event follows
		default:
			d.settle(s)
		}
	}
}

// settle puts on the board what becomes of s.
func (d testDaemon) settle(s mirror.Session) {
	now := time.Now()
	planned := d.plan(s).Sessions[0]
	p := mirror.Placement{
		Generation: s.Generation, At: now, Switch: testSwitch.ID, SwitchName: testSwitch.Name, ConfigVersion: testSwitch.ConfigVersion,
		SessionKey: "12", Accepted: planned.Accepted, Applied: planned.Accepted, Fault: planned.Fault, Since: now, Sources: planned.Sources,
		Local: s.Spec.Destination.Receiver != "",
	}
	v := mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen, Message: "1 of 1 sources is received.", At: now}
	switch vm := s.Spec.Sources[0].VM; {
	case planned.Fault != nil:
		v.State, v.Reason, v.Message = mirror.Failed, planned.Fault.Reason, planned.Fault.Error()
	case vm == "broken":
		p.Applied, p.SessionKey = false, ""
		p.Fault = mirror.Faultf(mirror.NotPersisted, `switch "DVS0"`, "the task succeeded, and the switch does not show the session.")
		v.State, v.Reason, v.Message = mirror.Failed, p.Fault.Reason, p.Fault.Error()
	case !s.Spec.Enabled:
		v.State, v.Reason, v.Message = mirror.Disabled, mirror.IsDisabled, "It is disabled."
	case vm == "silent":
		v.State, v.Reason, v.Message = mirror.Idle, mirror.SourcePortsIdle, "The port moved nothing."
	case !p.Local:
		v.State, v.Reason, v.Message = mirror.Unverified, mirror.ExternalDestination, "The collector is somebody else's."
	}
	d.board.Place(s.UID, p, now)
	d.board.Judge(s.UID, mirror.Evidence{}, v, now)
}

// plan plans s as if it were alone on the switch, under the id it asks for or the first.
func (d testDaemon) plan(s mirror.Session) mirror.Plan {
	s.ERSPANID = cmp.Or(s.Spec.Encapsulation.ID, 1)
	return mirror.MakePlan(mirror.Wanted{
		Switch: testSwitch, Sessions: []mirror.Session{s}, Owner: "test", Receivers: []netip.Addr{receiver}, Now: time.Now(),
	})
}

// Preview makes the daemon an api.Planner.
func (d testDaemon) Preview(_ context.Context, s mirror.Session) (api.Preview, error) {
	plan := d.plan(s)
	if fault := plan.Sessions[0].Fault; fault != nil {
		return api.Preview{}, fault
	}
	return api.Preview{Planned: plan.Sessions[0], Switch: testSwitch, Changes: plan.Changes}, nil
}

// Switches makes the daemon an api.Inventory.
func (d testDaemon) Switches(context.Context, string, bool) ([]mirror.Switch, error) {
	return []mirror.Switch{d.store.standing()}, nil
}

// Refresh makes the daemon an api.Inventory.
func (d testDaemon) Refresh(context.Context, mirror.SwitchID) (mirror.Switch, error) {
	return d.store.standing(), nil
}
