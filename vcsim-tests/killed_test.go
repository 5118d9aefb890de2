package vcsimtests

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/probe"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store/etcd"
	"github.com/vspan-io/vspan/vcenter"
)

// How often TestFailure18KilledAtEachPoint kills a daemon at each point.
const (
	killsVariable = "VSPAN_KILLS"
	defaultKills  = 1
)

// TestFailure18KilledAtEachPoint kills the process of a daemon, with SIGKILL, at each point between two lasting effects, again and
// again on one data directory: what was acknowledged is known to the next one and comes true, and nothing is left behind.
func TestFailure18KilledAtEachPoint(t *testing.T) {
	t.Parallel()
	for i, point := range reconcile.Points() {
		t.Run(string(point), func(t *testing.T) {
			t.Parallel()
			s := newSchedule(t, uint64(i))
			defer s.explain()
			s.live(&mortal{s: s, config: mortalConfig{URL: s.vcenter.URL.String(), Thumbprint: s.vcenter.Thumbprint, Dir: t.TempDir()}})
			for range number(t, killsVariable, defaultKills) {
				s.life.arm(point)
				s.untilDead()
				s.life.begin()
				s.checkAcknowledged()
				s.checkEnd()
			}
		})
	}
}

// untilDead asks for this and that until the daemon is killed.
func (s *schedule) untilDead() {
	for n := range 200 {
		if s.life.dead() {
			return
		}
		switch s.rand.IntN(5) {
		case 0, 1:
			s.create()
		case 2, 3:
			s.delete()
		default:
			s.change()
		}
		s.check()
		s.let(50 * time.Millisecond)
		if n%10 == 9 {
			s.let(2 * time.Second) // a switch of which something new is asked at each look is never seen to be as asked
		}
	}
	s.fail("the daemon lives")
}

// mortalVariable tells this test binary to be a daemon.
const mortalVariable = "VSPAN_TEST_DAEMON"

// mortalConfig is what such a daemon is told.
type mortalConfig struct {
	URL, Thumbprint, Dir string
	Point                reconcile.Point // it kills itself there
	Hold                 bool            // no: it says so and goes on when it reads a line; the first time
	Armed                string          // a file: the point counts only once it is there; "" for always
	Packets              string          // where mirror packets come by a way; "": it receives none
	Cluster              *etcd.Cluster
}

// runMortal is a daemon that says its URL on standard output.
func runMortal(text string) int {
	var told mortalConfig
	err := json.Unmarshal([]byte(text), &told)
	var at *url.URL
	if err == nil {
		at, err = url.Parse(told.URL)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	c := daemon.Defaults()
	c.Listen, c.DataDir, c.Log, c.Resync = "127.0.0.1:0", told.Dir, logTo(os.Stderr), 5*time.Second
	c.VCenters = []vcenter.Config{{
		Name: "default", Username: "user", Password: vcenter.NewSecret("pass"), URL: at, Thumbprint: told.Thumbprint, Timeout: 3 * time.Second,
	}}
	c.Receiver = daemon.Receiver{Off: true, Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}}
	if told.Packets != "" {
		pair := receive.NewPair(receive.PairOptions{})
		if err := arrive(told.Packets, func(packet []byte) { pair.Inject(time.Now(), packet) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
		c.Receiver.Off, c.Receiver.Source = false, pair
		c.Probe.Network = &probe.Memory{IP: func([]byte) [][]byte { return nil }} // the guests' traffic is enough to go by
	}
	c.Cluster = told.Cluster
	c.At = told.at()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	d, err := daemon.New(c)
	if err == nil {
		go func() { <-d.Ready(); fmt.Println("serving", d.URL()) }()
		err = d.Run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// at does what is to be done at the point.
func (told mortalConfig) at() func(reconcile.Point) {
	var once sync.Once
	return func(p reconcile.Point) {
		switch {
		case p != told.Point, !told.armed():
		case told.Hold:
			once.Do(func() {
				fmt.Println("holding")
				_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // the end of the input lets it go on too
			})
		default:
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until the signal arrives
		}
	}
}

func (told mortalConfig) armed() bool {
	if told.Armed == "" {
		return true
	}
	_, err := os.Stat(told.Armed)
	return err == nil
}

// mortal are the lives of a daemon in processes of its own, which die by SIGKILL.
type mortal struct {
	s       *schedule
	config  mortalConfig
	process *process
	stdin   io.WriteCloser // of one that holds; nil
}

func (m *mortal) begin() { m.start("") }

// start starts a process that dies at a point.
func (m *mortal) start(point reconcile.Point) {
	m.s.t.Helper()
	config := m.config
	config.Point = point
	m.launch(config)
	m.awaitURL()
}

func (m *mortal) launch(config mortalConfig) {
	m.s.t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		m.s.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), mortalVariable+"="+string(text))
	if config.Hold {
		if m.stdin, err = cmd.StdinPipe(); err != nil {
			m.s.t.Fatal(err)
		}
	}
	m.process = start(m.s.t, cmd, (*exec.Cmd).Start)
}

// release lets a process that holds go on, now or when it comes to hold.
func (m *mortal) release() {
	_, err := io.WriteString(m.stdin, "\n")
	m.s.act(err)
}

// awaitURL waits until the process has said where its API is, or has ended.
func (m *mortal) awaitURL() {
	m.s.url = ""
	for m.s.url == "" {
		if m.gone() {
			return
		}
		if _, err := fmt.Sscanf(m.process.stdout.String(), "serving %s", &m.s.url); err != nil {
			m.s.url = ""
			time.Sleep(pause)
		}
	}
}

func (m *mortal) gone() bool {
	select {
	case <-m.process.ended:
		return true
	default:
		return false
	}
}

// arm replaces the process by one that dies at the point.
func (m *mortal) arm(point reconcile.Point) {
	m.end()
	m.start(point)
}

// dead reports whether the process was killed; that it ended by itself fails the test.
func (m *mortal) dead() bool {
	if !m.gone() {
		return false
	}
	if status, is := m.process.cmd.ProcessState.Sys().(syscall.WaitStatus); !is || !status.Signaled() {
		m.s.fail("the daemon ended by itself: %v: %s", m.process.cmd.ProcessState, &m.process.stderr)
	}
	return true
}

func (m *mortal) end() {
	if err := m.process.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		m.s.t.Error(err)
	}
	<-m.process.ended
}
