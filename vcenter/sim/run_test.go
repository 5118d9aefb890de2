package sim_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/types"
	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestMain fails the package if a simulator leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRunEndsWhileAClientWaits has a client in WaitForUpdates, which vcsim's
// own server would wait for on closing.
func TestRunEndsWhileAClientWaits(t *testing.T) {
	s, err := sim.New(sim.Options{Emit: sim.EmitOff, Control: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	c := dial(t, s)
	waiting, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- property.Wait(t.Context(), property.DefaultCollector(c.Client), c.dvs.Reference(), []string{"config"},
			func([]types.PropertyChange) bool {
				close(waiting)
				return false
			})
	}()
	<-waiting
	time.Sleep(50 * time.Millisecond) // until the next WaitForUpdatesEx is on the server; nothing shows it
	began := time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("Run took %v to end, want less than 1 s", took)
	}
	if err := <-over; err == nil {
		t.Error("the client's wait ended without an error")
	}
}

// TestRunEndsWithAnUnusedConnection has a connection that never sends a request.
func TestRunEndsWithAnUnusedConnection(t *testing.T) {
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	conn, err := net.Dial("tcp", s.URL().Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	dial(t, s) // the server has accepted by then
	began := time.Now()
	cancel()
	if err := <-ended; err != nil || time.Since(began) > time.Second {
		t.Errorf("Run took %v to end: %v", time.Since(began), err)
	}
}

func TestRunEndsADelayedTask(t *testing.T) {
	t.Parallel()
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	c := dial(t, s)
	if err := s.TaskDelay(time.Hour); err != nil {
		t.Fatal(err)
	}
	spec := &types.VMwareDVSConfigSpec{VspanConfigSpec: []types.VMwareDVSVspanConfigSpec{add(l3("never", "0", "127.0.0.1"))}}
	spec.ConfigVersion = "1"
	if _, err := c.dvs.Reconfigure(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if n := len(s.State().Sessions); n != 0 {
		t.Errorf("the task that was cut off left %d sessions", n)
	}
}

// TestTwoAtOnce builds and runs two simulators at the same time and looks that
// neither sees the other's sessions.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	var both [2]*sim.Simulator
	for i := range both {
		group.Go(func() {
			s, err := sim.New(sim.Options{Emit: sim.EmitOff, Hosts: 1 + i, VMs: 2 + i, Seed: int64(i)})
			if err != nil {
				t.Error(err)
				return
			}
			both[i] = s
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	for _, s := range both {
		group.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		<-s.Ready()
	}
	a, b := dial(t, both[0]), dial(t, both[1])
	if err := a.apply(add(l3("in a", "0", "127.0.0.1"))); err != nil {
		t.Error(err)
	}
	if x, y := len(a.config().VspanSession), len(b.config().VspanSession); x != 1 || y != 0 {
		t.Errorf("%d sessions in the first, %d in the second; want 1, 0", x, y)
	}
	if x, y := len(both[0].State().VMs), len(both[1].State().VMs); x != 2 || y != 3 {
		t.Errorf("%d and %d machines, want 2 and 3", x, y)
	}
	cancel()
	group.Wait()
}

func TestTemporaryFilesAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	left := func() []string {
		names, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	if len(left()) == 0 {
		t.Fatal("a simulator without temporary files: this test looks in the wrong place")
	}
	s.Close()
	s.Close()
	if n := left(); len(n) != 0 {
		t.Errorf("left behind: %v", n)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("a closed simulator ran")
	}
}

// TestStartsWithinASecond takes the best of three: the machine may be busy.
func TestStartsWithinASecond(t *testing.T) {
	best := time.Hour
	for range 3 {
		began := time.Now()
		dial(t, start(t, sim.Options{Emit: sim.EmitOff}))
		best = min(best, time.Since(began))
	}
	if best > time.Second {
		t.Errorf("two hosts and four machines took %v to the first answer", best)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]sim.Options{
		"not a loopback address": {Listen: "192.0.2.1:8989"},
		"not an IP address":      {Listen: "localhost"},
		"control address":        {Control: "0.0.0.0:0"},
		"hosts is 100":           {Hosts: 100},
		"vms is 1":               {VMs: 1},
		"mtu is 100":             {MTU: 100},
		"interval":               {Interval: time.Nanosecond},
		"emit mode":              {Emit: 17},
		"Options.Memory":         {Emit: sim.EmitMemory},
		"both administrator":     {Username: "reader"},
	}
	for want, o := range tests {
		s, err := sim.New(o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
	}
}

func TestBusyPortIsAnError(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	for _, o := range []sim.Options{{Listen: s.URL().Host}, {Control: s.URL().Host}} {
		o.Emit = sim.EmitOff
		second, err := sim.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := second.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listening on "+s.URL().Host) {
			t.Errorf("on a port that is taken: %v", err)
		}
	}
}

func TestURLsAndEmission(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff, Control: "127.0.0.1:0"})
	if u := s.URL(); u.Scheme != "https" || u.Path != "/sdk" || u.User != nil || !strings.HasPrefix(u.Host, "127.0.0.1:") {
		t.Errorf("URL is %v", u)
	}
	if u := s.ControlURL(); u == nil || u.Scheme != "http" {
		t.Errorf("ControlURL is %v", u)
	}
	if d := s.EmitDescription(); !strings.Contains(d, "off") {
		t.Errorf("EmitOff is described as %q", d)
	}
}
