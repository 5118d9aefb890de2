package vcsimtests

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// clock is a wall clock that people set, beside a monotonic one that goes on as it was.
type clock struct{ off atomic.Int64 }

// now makes a time whose wall clock is off and whose monotonic reading is not. Package time offers no way to; the layout is that of
// time.Time since Go 1.9: a flag, 33 bits of seconds since 1885 and 30 bits of nanoseconds, then the monotonic reading.
func (c *clock) now() time.Time {
	now := time.Now()
	wall := now.Add(time.Duration(c.off.Load()))
	since1885 := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	made := struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{1<<63 | uint64(since1885)<<30 | uint64(wall.Nanosecond()), int64(now.Sub(processBegan)) + 1, time.Local}
	return *(*time.Time)(unsafe.Pointer(&made))
}

var processBegan = time.Now()

// newSchedule makes a vCenter with foreign sessions, and a daemon on an empty data directory.
func newSchedule(t *testing.T, seed uint64) *schedule {
	s := &schedule{
		world: &world{log: new(output)}, seed: seed, rand: rand.New(rand.NewPCG(seed, 3)), asked: make(map[string]*asked),
		strangers: make(map[string]string), jump: new(clock), began: time.Now(),
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the daemon and the simulator:\n%s", s.log)
		}
	})
	s.server = newServer(t, "", ownTransport(t))
	s.http.Timeout = 10 * time.Second
	s.sim = newSimulator(t, sim.Options{Seed: int64(seed), VMs: 6, Emit: sim.EmitOff, Interval: time.Second, Log: logTo(s.log).With("of", "sim")})
	s.vcenter = vcenter.Config{
		Name: "default", Username: "user", Password: vcenter.NewSecret("pass"),
		URL: s.sim.URL(), Thumbprint: s.sim.Thumbprint(), Timeout: 3 * time.Second,
	}
	s.interpose()
	for _, vm := range s.sim.State().VMs {
		s.vms = append(s.vms, vm.Name)
	}
	for _, f := range foreign(s.vm("web-01").NICs[0].PortKey) {
		key, err := s.sim.AddForeignSession(f)
		s.act(err)
		s.strangers[key] = ""
	}
	s.rememberStrangers()
	return s
}

// live begins the first daemon.
func (s *schedule) live(l lives) {
	s.life = l
	l.begin()
	s.t.Cleanup(l.end)
}

// lives are those of the daemon, over many processes' worth of it: each begins with what the one before left in the data directory.
type lives interface {
	// begin starts a daemon and returns when its API answers, or when it has died.
	begin()
	// arm has the daemon die when it next comes by a point; "" takes that back.
	arm(reconcile.Point)
	// dead reports whether the daemon has died, once.
	dead() bool
	// end ends the daemon where it stands.
	end()
}

// within are the lives of a daemon in this process. It dies by ending its context and doing nothing more: what is under way fails.
type within struct {
	s      *schedule
	dir    string
	mu     sync.Mutex
	deadly reconcile.Point // the daemon dies when it comes by it
	cancel context.CancelFunc
	ended  chan error
}

func (l *within) begin() {
	l.s.t.Helper()
	l.s.jump.off.Store(0) // a clock that is wrong from the start cannot be told from vCenter's being wrong
	ctx, cancel := context.WithCancel(context.Background())
	c := daemon.Defaults()
	c.Listen, c.DataDir, c.Log, c.Now = "127.0.0.1:0", l.dir, logTo(l.s.log).With("of", "daemon"), l.s.jump.now
	c.VCenters = []vcenter.Config{l.s.vcenter}
	c.Receiver = daemon.Receiver{Off: true, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}}
	c.Resync = 5 * time.Second
	c.At = func(p reconcile.Point) {
		if l.dies(p) {
			cancel()
			<-ctx.Done()
		}
	}
	d, err := daemon.New(c)
	if err != nil {
		l.s.fail("a daemon on the data directory: %v", err)
	}
	l.cancel, l.ended = cancel, make(chan error, 1)
	go func() { l.ended <- d.Run(ctx) }()
	select {
	case <-d.Ready():
		l.s.url = d.URL()
	case err := <-l.ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			l.s.fail("the daemon ended before it was ready: %v", err)
		}
		l.ended <- nil // it died on its way up
	}
}

func (l *within) dies(p reconcile.Point) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.deadly != p {
		return false
	}
	l.deadly = ""
	return true
}

// arm has the daemon die when it next comes by a point.
func (l *within) arm(p reconcile.Point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadly = p
}

// dead reports whether the daemon has died, and takes note of it.
func (l *within) dead() bool {
	select {
	case err := <-l.ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			l.s.fail("the daemon ended: %v", err)
		}
		return true
	default:
		return false
	}
}

// end stops the daemon where it stands.
func (l *within) end() {
	l.arm("")
	l.cancel()
	select {
	case err := <-l.ended:
		if err != nil && !errors.Is(err, context.Canceled) {
			l.s.t.Errorf("the daemon ended: %v", err)
		}
	case <-time.After(20 * time.Second):
		l.s.t.Errorf("the daemon did not end; what everything waits for:\n%s", stacks())
	}
	l.ended <- nil
}
