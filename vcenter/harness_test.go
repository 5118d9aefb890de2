package vcenter

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; nothing takes a tenth of it.
const patience = 20 * time.Second

// logBuffer is a log that tests can read while it is written.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// run runs a task for the length of the test, and waits for its end.
func run(t *testing.T, what string, task func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- task(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		case <-time.After(patience):
			t.Errorf("%s did not end", what)
		}
	})
}

// building is held while an inventory is made: govmomi's simulator keeps its licences in a global variable.
// It keeps its inventory in another, at which startStock writes: tests with it are not parallel.
var building sync.Mutex

// startSim runs the simulator that mirrors.
func startSim(t *testing.T, o sim.Options) *sim.Simulator {
	t.Helper()
	o.Emit = sim.EmitOff
	building.Lock()
	s, err := sim.New(o)
	building.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	run(t, "simulator", s.Run)
	select {
	case <-s.Ready():
	case <-time.After(patience):
		t.Fatal("the simulator did not get ready")
	}
	return s
}

func simConfig(s *sim.Simulator) Config {
	return Config{Name: "lab", URL: s.URL(), Username: "user", Password: NewSecret("pass"), Thumbprint: s.Thumbprint()}
}

// startStock runs govmomi's own simulator, over TLS.
func startStock(t *testing.T, model *simulator.Model) Config {
	t.Helper()
	if err := model.Create(); err != nil {
		t.Fatal(err)
	}
	model.Service.TLS = new(tls.Config)
	model.Service.Listen = &url.URL{Scheme: "https", Host: "127.0.0.1:0", User: url.UserPassword("user", "pass")}
	server := model.Service.NewServer()
	t.Cleanup(func() {
		server.Close()
		model.Remove()
	})
	certificate, err := x509.ParseCertificate(server.TLS.Certificates[0].Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	u := *server.URL
	u.User = nil
	return Config{Name: "stock", URL: &u, Username: "user", Password: NewSecret("pass"), Thumbprint: thumbprintOf(certificate)}
}

// startClient runs a client.
func startClient(t *testing.T, config Config) *Client {
	t.Helper()
	c, err := New(config, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	run(t, "client", c.Run)
	return c
}

// only returns the one switch there is.
func only(t *testing.T, c *Client) SwitchName {
	t.Helper()
	switches, err := c.Switches(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(switches) != 1 {
		t.Fatalf("there are %d switches, want 1", len(switches))
	}
	return switches[0]
}

func observe(t *testing.T, c *Client) mirror.Switch {
	t.Helper()
	sw, err := c.Observe(t.Context(), only(t, c).ID)
	if err != nil {
		t.Fatal(err)
	}
	return sw
}

// wantFault checks that err is a fault with the reason, and that it says each of the words.
func wantFault(t *testing.T, err error, reason mirror.Reason, words ...string) *mirror.Fault {
	t.Helper()
	f, ok := errors.AsType[*mirror.Fault](err)
	if !ok {
		t.Fatalf("got %v, want a fault %s", err, reason)
	}
	if f.Reason != reason {
		t.Errorf("got reason %s, want %s: %v", f.Reason, reason, err)
	}
	for _, w := range words {
		if !bytes.Contains([]byte(err.Error()), []byte(w)) {
			t.Errorf("%q does not say %q", err, w)
		}
	}
	return f
}

// eventually waits until ok, looking again every few milliseconds: what it waits for happens on the other side of a socket.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
