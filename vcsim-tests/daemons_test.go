package vcsimtests

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store/etcd"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// handover is how long the switch of a writer that was killed may be without one.
const handover = slack * 10 * time.Second

// league is three daemons, each a process of its own, that keep one state together and drive one vCenter.
type league struct {
	*world
	daemons map[string]*mortal // by name
}

// newLeague starts the daemons; told says what else each is told.
func newLeague(t *testing.T, told func(*mortalConfig)) *league {
	t.Helper()
	w := &world{log: new(output), server: newServer(t, "", ownTransport(t))}
	w.sim = newSimulator(t, sim.Options{VMs: 6, Emit: sim.EmitOff, Interval: time.Second, Log: logTo(w.log).With("of", "sim")})
	w.vcenter = vcenter.Config{URL: w.sim.URL(), Thumbprint: w.sim.Thumbprint()}
	l := &league{world: w, daemons: make(map[string]*mortal)}
	var members []string
	peers := make(map[string]string)
	for _, name := range []string{"a", "b", "c"} {
		peers[name] = "http://" + freeAddress(t)
		members = append(members, name+"="+peers[name])
	}
	for name, peer := range peers {
		config := mortalConfig{
			URL: w.vcenter.URL.String(), Thumbprint: w.vcenter.Thumbprint, Dir: t.TempDir(),
			Cluster: &etcd.Cluster{Name: name, ListenPeer: peer, Token: "league", Initial: strings.Join(members, ",")},
		}
		told(&config)
		l.daemons[name] = &mortal{s: &schedule{world: &world{server: w.on(t), sim: w.sim}}, config: config}
		l.daemons[name].launch(config)
	}
	for _, m := range l.daemons {
		m.awaitURL()
		m.s.untilReady()
	}
	return l
}

// freeAddress is one of loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func (s *schedule) untilReady() {
	s.t.Helper()
	await(s.t, 30*time.Second, "the daemon is ready", func() (bool, string) {
		a, err := s.try(http.MethodGet, "/readyz", nil)
		return err == nil && a.status == http.StatusOK, fmt.Sprintf("%v %s", err, a.body)
	})
}

// writer waits until one of the daemons is the switch's writer, and returns its name and another's.
func (l *league) writer(asking string) (writer, other string) {
	l.t.Helper()
	await(l.t, handover, "the switch has a writer", func() (bool, string) {
		a, err := l.daemons[asking].s.try(http.MethodGet, "/v1/switches", nil)
		if err != nil || a.status != http.StatusOK {
			return false, fmt.Sprintf("%v %s", err, a.body)
		}
		list := read[wire.SwitchList](l.server, a)
		if len(list.Items) == 1 {
			writer = list.Items[0].Writer
		}
		return writer != "", fmt.Sprintf("%+v", list)
	})
	others := slices.DeleteFunc([]string{"a", "b", "c"}, func(name string) bool { return name == writer })
	return writer, others[0]
}

// TestFailure16WriterIsKilled: within ten seconds another daemon makes what is asked for come true.
func TestFailure16WriterIsKilled(t *testing.T) {
	t.Parallel()
	l := newLeague(t, func(*mortalConfig) {})
	writer, other := l.writer("a")
	l.daemons[other].s.applied("before", mirrorOf("web-01")) // by way of a daemon that is not the writer
	l.daemons[writer].end()
	began := time.Now()
	asked := func() (answer, error) {
		return l.daemons[other].s.try(http.MethodPut, "/v1/sessions/after", wire.SessionInput{Spec: mirrorOf("web-02")})
	}
	await(t, handover, "another member takes what is asked for", func() (bool, string) {
		a, err := asked()
		return err == nil && (a.status == http.StatusCreated || a.status == http.StatusOK), fmt.Sprintf("%v %d %s", err, a.status, a.body)
	})
	l.daemons[other].s.until("after", handover, "stands on the switch", asAsked)
	took := time.Since(began)
	t.Logf("handed over within %v", took.Round(time.Millisecond))
	if took > handover {
		t.Errorf("took %v, want %v at most", took, handover)
	}
	if now, _ := l.writer(other); now == writer {
		t.Errorf("%s is the writer, and was killed", now)
	}
	l.daemons[other].s.wantOnce("before", "after")
}

// TestFailure16PausedWriterWakes: a writer is paused between its last look at whether it is the writer and its call to vCenter.
// Meanwhile what it was about to make is deleted, and another daemon sees that through without changing the switch, so that nothing
// rejects the late call. What it makes does not stay.
func TestFailure16PausedWriterWakes(t *testing.T) {
	t.Parallel()
	l := newLeague(t, func(c *mortalConfig) { c.Point, c.Hold = reconcile.Confirmed, true })
	key, err := l.sim.AddForeignSession(foreign(l.vm("web-01").NICs[0].PortKey)[0])
	l.act(err)
	stranger, _ := l.onSwitch(key)
	writer, other := l.writer("a")
	paused, o := l.daemons[writer], l.daemons[other].s
	await(t, soon, "the writer has read the foreign session, or the version would reject its late call", func() (bool, string) {
		a := paused.s.do(http.MethodGet, "/v1/switches/DVS0/foreign-sessions", nil)
		return len(read[wire.ForeignSessionList](paused.s.server, a).Items) > 0, string(a.body)
	})
	asked := o.put("late", mirrorOf("web-01"))
	paused.process.says(t, &paused.process.stdout, "(holding)")
	l.act(paused.process.cmd.Process.Signal(syscall.SIGSTOP))
	for name, m := range l.daemons {
		if name != writer {
			m.release()
		}
	}

	await(t, time.Minute, "what it was about to make is deleted, and its record closed", func() (bool, string) {
		a, err := o.try(http.MethodDelete, "/v1/sessions/late", nil) // the members may have to elect a leader first
		return err == nil && a.status == http.StatusNotFound, fmt.Sprintf("%v %d %s", err, a.status, a.body)
	})
	await(t, 2*handover, "the paused one is the writer no more", func() (bool, string) {
		now, _ := l.writer(other)
		return now != writer, now
	})
	before := l.sim.State().Switch.ConfigVersion
	paused.release()
	l.act(paused.process.cmd.Process.Signal(syscall.SIGCONT))
	await(t, soon, "the late call has come and what it made is gone", func() (bool, string) {
		return l.sim.State().Switch.ConfigVersion != before && len(l.ours()[asked.UID]) == 0,
			fmt.Sprintf("version %s after %s, %d of ours", l.sim.State().Switch.ConfigVersion, before, len(l.ours()))
	})
	if now, there := l.onSwitch(key); !there || fmt.Sprint(now.SessionSpec) != fmt.Sprint(stranger.SessionSpec) {
		t.Errorf("the session of others: %+v, %v", now, there)
	}
	if len(l.ours()) != 0 {
		t.Errorf("stands: %+v", l.ours())
	}
}
