package vcsimtests

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// soon is how long a test waits for what takes a second when the machine has time, and half a minute where many tests share it under the
// race detector. Only failing tests wait so long.
const soon = time.Minute

// world is a simulated vCenter and a daemon that drives it, in this process. The mirror packets of the simulated hosts go to the
// daemon's receiver through memory, so that no rights are needed and worlds beside each other cannot hear each other.
type world struct {
	*server
	sim     *sim.Simulator
	proxy   *faultproxy.Proxy // nil where the daemon speaks to the simulator itself
	vcenter vcenter.Config    // how the daemon reaches it
	log     *output           // of the daemon and the simulator
	stop    func()            // ends the daemon
}

// setup is what a world is made of.
type setup struct {
	sim     sim.Options
	daemon  daemon.Config
	vcenter vcenter.Config // URL and Thumbprint are filled in
	proxied bool           // a fault proxy is between the daemon and the simulator
}

// newWorld makes a world with VMs web-01, web-02, db-01, client-01 on the hosts esx-01 and esx-02, unless a change says otherwise. It
// ends with the test.
func newWorld(t *testing.T, changes ...func(*setup)) *world {
	t.Helper()
	w := &world{log: new(output)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the daemon and the simulator:\n%s", w.log)
		}
	})
	pair := receive.NewPair(receive.PairOptions{})
	made := setup{daemon: daemon.Defaults(), sim: sim.Options{
		Seed: 1, Log: logTo(w.log).With("of", "sim"),
		Emit: sim.EmitMemory, Memory: func(packet []byte) { pair.Inject(time.Now(), packet) },
	}}
	made.daemon.Listen, made.daemon.Log = "127.0.0.1:0", logTo(w.log).With("of", "daemon")
	made.daemon.Receiver = daemon.Receiver{Source: pair, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	made.vcenter = vcenter.Config{Name: "default", Username: "user", Password: vcenter.NewSecret("pass")}
	for _, change := range changes {
		change(&made)
	}
	w.server = newServer(t, "", ownTransport(t))
	w.sim = newSimulator(t, made.sim)
	w.vcenter = made.vcenter
	w.vcenter.URL, w.vcenter.Thumbprint = w.sim.URL(), w.sim.Thumbprint()
	if made.proxied {
		w.interpose()
	}
	w.serve(made.daemon)
	return w
}

// serve runs a daemon against the world's vCenter, at the latest until the end of the test.
func (w *world) serve(c daemon.Config) {
	w.t.Helper()
	c.VCenters = []vcenter.Config{w.vcenter}
	d, err := daemon.New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.stop = runFor(w.t, "daemon", d.Run, d.Ready())
	w.url = d.URL()
}

// newSimulator runs a simulator for the length of the test.
func newSimulator(t *testing.T, o sim.Options) *sim.Simulator {
	t.Helper()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	runFor(t, "simulator", s.Run, s.Ready())
	return s
}

// ownTransport shares no connections with other tests.
func ownTransport(t *testing.T) *http.Transport {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, nil))
}

// runFor runs a task until it is stopped, at the latest until the end of the test, and returns when it is ready.
func runFor(t *testing.T, name string, run func(context.Context) error, ready <-chan struct{}) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("the %s did not end within 10 s of being told; what everything waits for:\n%s", name, stacks())
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("the %s ended before it was ready: %v", name, err)
	}
	return stop
}

// stacks are those of all goroutines.
func stacks() []byte {
	b := make([]byte, 4<<20)
	return b[:runtime.Stack(b, true)]
}

// spec asks for both directions of VMs, with what else is changed.
func spec(vms []string, changes ...func(*wire.Spec)) wire.Spec {
	var s wire.Spec
	for _, vm := range vms {
		s.Sources = append(s.Sources, wire.Source{VM: vm})
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

// mirrorOf asks for a VM's traffic, under its name.
func mirrorOf(vm string) wire.Spec { return spec([]string{vm}) }

// delivering asks for a session and returns it when it is delivering.
func (w *world) delivering(name string, s wire.Spec) wire.Session {
	w.t.Helper()
	got := w.putAndWait(name, s, "Delivering", soon)
	if got.Status.Verdict.State != "delivering" || condition(got, "Ready").Status != "True" {
		w.t.Fatalf("session %q is not delivering: %s", name, describe(got))
	}
	return got
}

// applied asks for a session and returns it when it stands on the switch.
func (w *world) applied(name string, s wire.Spec) wire.Session {
	w.t.Helper()
	got := w.putAndWait(name, s, "Applied", soon)
	if c := condition(got, "Applied"); c.Status != "True" {
		w.t.Fatalf("session %q does not stand on the switch: %s", name, describe(got))
	}
	return got
}

// remove deletes a session and returns when it is gone.
func (w *world) remove(name string) {
	w.t.Helper()
	w.want(w.do(http.MethodDelete, "/v1/sessions/"+name+"?wait="+soon.String(), nil), http.StatusNoContent)
}

// act fails the test when the simulator could not do what was asked.
func (w *world) act(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// onSwitch returns a session as it stands on the switch, by its key.
func (w *world) onSwitch(key string) (sim.SessionState, bool) {
	for _, s := range w.sim.State().Sessions {
		if s.Key == key {
			return s, true
		}
	}
	return sim.SessionState{}, false
}

// vm returns a VM as it is now.
func (w *world) vm(name string) sim.VMState {
	w.t.Helper()
	for _, v := range w.sim.State().VMs {
		if v.Name == name {
			return v
		}
	}
	w.t.Fatalf("there is no VM %q", name)
	return sim.VMState{}
}

// host returns a host as it is now.
func (w *world) host(name string) sim.HostState {
	w.t.Helper()
	for _, h := range w.sim.State().Hosts {
		if h.Name == name {
			return h
		}
	}
	w.t.Fatalf("there is no host %q", name)
	return sim.HostState{}
}
