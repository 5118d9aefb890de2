package sim_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// start runs a simulator for the length of the test.
func start(t *testing.T, o sim.Options) *sim.Simulator {
	t.Helper()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("Run did not end within 10 s of being told")
		}
	})
	select {
	case <-s.Ready():
	case err := <-ended:
		ended <- nil
		t.Fatalf("Run ended before it was ready: %v", err)
	}
	return s
}

// client is a real govmomi client that trusts the simulator by its certificate.
type client struct {
	*vim25.Client
	t   *testing.T
	dvs *object.DistributedVirtualSwitch
}

func connect(t *testing.T, s *sim.Simulator, user, password string) (*govmomi.Client, error) {
	t.Helper()
	sc := soap.NewClient(s.URL(), false)
	sc.SetThumbprint(s.URL().Host, s.Thumbprint())
	vc, err := vim25.NewClient(t.Context(), sc)
	if err != nil {
		t.Fatal(err)
	}
	c := &govmomi.Client{Client: vc, SessionManager: session.NewManager(vc)}
	t.Cleanup(sc.CloseIdleConnections)
	return c, c.Login(t.Context(), url.UserPassword(user, password))
}

func dial(t *testing.T, s *sim.Simulator) *client { return dialAs(t, s, "user", "pass") }

func dialAs(t *testing.T, s *sim.Simulator, user, password string) *client {
	t.Helper()
	c, err := connect(t, s, user, password)
	if err != nil {
		t.Fatal(err)
	}
	net, err := find.NewFinder(c.Client).Network(t.Context(), "/DC0/network/DVS0")
	if err != nil {
		t.Fatal(err)
	}
	return &client{Client: c.Client, t: t, dvs: net.(*object.DistributedVirtualSwitch)}
}

// config reads the switch's configuration.
func (c *client) config() *types.VMwareDVSConfigInfo {
	c.t.Helper()
	var dvs mo.DistributedVirtualSwitch
	if err := property.DefaultCollector(c.Client).RetrieveOne(c.t.Context(), c.dvs.Reference(), []string{"config", "capability"}, &dvs); err != nil {
		c.t.Fatal(err)
	}
	return dvs.Config.(*types.VMwareDVSConfigInfo)
}

// apply reconfigures the switch at its present version.
func (c *client) apply(specs ...types.VMwareDVSVspanConfigSpec) error {
	c.t.Helper()
	return c.applyAt(c.config().ConfigVersion, specs...)
}

func (c *client) applyAt(version string, specs ...types.VMwareDVSVspanConfigSpec) error {
	c.t.Helper()
	spec := &types.VMwareDVSConfigSpec{VspanConfigSpec: specs}
	spec.ConfigVersion = version
	task, err := c.dvs.Reconfigure(c.t.Context(), spec)
	if err != nil {
		return err
	}
	return task.Wait(c.t.Context())
}

// add is the operation that adds a session.
func add(v types.VMwareVspanSession) types.VMwareDVSVspanConfigSpec {
	return types.VMwareDVSVspanConfigSpec{Operation: "add", VspanSession: v}
}

// l3 is a session as vspan makes it, mirroring both directions of the port.
func l3(name, port, destination string) types.VMwareVspanSession {
	return types.VMwareVspanSession{
		Name: name, Enabled: true, SessionType: "encapsulatedRemoteMirrorSource", EncapType: "erspan2", ErspanId: 5,
		SourcePortReceived:    &types.VMwareVspanPort{PortKey: []string{port}},
		SourcePortTransmitted: &types.VMwareVspanPort{PortKey: []string{port}},
		DestinationPort:       &types.VMwareVspanPort{IpAddress: []string{destination}},
		SamplingRate:          1,
	}
}

// runUntil runs the simulator until n packets were captured.
func runUntil(t *testing.T, s *sim.Simulator, c *capture, n int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	c.mu.Lock()
	for len(c.packets) < n {
		c.more.Wait()
	}
	c.mu.Unlock()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
