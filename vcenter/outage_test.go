package vcenter

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// cable is a TCP proxy that can be pulled out and plugged in again.
type cable struct {
	listener net.Listener
	target   string
	copies   sync.WaitGroup

	mu     sync.Mutex
	pulled bool
	open   map[net.Conn]bool
}

func newCable(t *testing.T, target string) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: listener, target: target, open: make(map[net.Conn]bool)}
	c.copies.Go(c.accept)
	t.Cleanup(func() {
		listener.Close()
		c.pull(true)
		c.copies.Wait()
	})
	return c
}

func (c *cable) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.target)
		if err != nil || !c.keep(near, far) {
			near.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			c.copies.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			})
		}
	}
}

func (c *cable) keep(near, far net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulled {
		far.Close()
		return false
	}
	c.open[near], c.open[far] = true, true
	return true
}

func (c *cable) pull(out bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = out
	for conn := range c.open {
		conn.Close()
	}
	clear(c.open)
}

// An outage is told by every call and by Health, ends by itself, and does not cost the login.
func TestOutage(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	between := newCable(t, s.URL().Host)
	config := simConfig(s)
	config.URL.Host = between.listener.Addr().String()
	c := startClient(t, config)
	sw := only(t, c)
	woken := watch(t, c, sw.ID)
	still(t, woken) // it waits for vCenter now

	between.pull(true)
	_, err := c.Observe(t.Context(), sw.ID)
	f := wantFault(t, err, mirror.VCenterUnreachable, config.URL.Host)
	if f.Permanent() {
		t.Error("it is said to be of no use to try again")
	}
	eventually(t, "health tells", func() bool { h := c.Health(); return !h.Connected && h.Fault != nil })
	if c.Health().Fault.Reason != mirror.VCenterUnreachable {
		t.Errorf("got %v", c.Health().Fault)
	}

	began := time.Now()
	between.pull(false)
	eventually(t, "health recovers", func() bool { return c.Health().Connected })
	if h := c.Health(); h.Logins != 1 || h.Fault != nil || h.Since.Before(began) {
		t.Errorf("got %+v, want the one login, connected since just now", h)
	}
	wake(t, "the end of the outage", woken)
	if _, err := c.Observe(t.Context(), sw.ID); err != nil {
		t.Error(err)
	}
}
