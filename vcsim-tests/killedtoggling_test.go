package vcsimtests

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// togglePoints are those that a toggle proof passes, once when it disables the session and once when it enables it again. Those of one
// list are tried one after the other: a dozen daemons that begin at a time leave the tests beside them no time.
var togglePoints = [][]reconcile.Point{
	{reconcile.Planned, reconcile.Recorded, reconcile.Confirmed},
	{reconcile.Sent, reconcile.Answered, reconcile.ReadBack},
}

// TestKilledWhileToggling kills a daemon, with SIGKILL, at each point of a toggle proof and in the middle of it, when the session stands
// disabled by it. That it is to be disabled was kept in memory alone: the next daemon on the data directory enables it, though it is
// told to report drift and not to repair it, and nobody is told of drift.
func TestKilledWhileToggling(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"disabling", "enabling"} {
		for i, points := range togglePoints {
			t.Run(fmt.Sprint(stage, " ", i+1), func(t *testing.T) {
				t.Parallel()
				for _, point := range points {
					t.Run(string(point), func(t *testing.T) { killedAt(t, stage == "enabling", point) })
				}
			})
		}
	}
	t.Run("disabled", func(t *testing.T) {
		t.Parallel()
		k := newKilled(t, "")
		k.toggle(func() {
			k.untilDisabled()
			k.life.end()
		})
		if on, _ := k.onSwitch(k.session.Status.Switch.SessionKey); on.Enabled {
			t.Fatal("it was enabled again before the daemon was killed: nothing is shown")
		}
		k.wantRepaired()
	})
}

// killedAt kills a daemon at a point that it passes while it disables a session, or while it enables it again.
func killedAt(t *testing.T, enabling bool, point reconcile.Point) {
	k := newKilled(t, point)
	if !enabling {
		k.arm()
	}
	k.toggle(func() {
		if enabling {
			k.untilState("web-01", "disabled", soon) // by when the daemon has read the switch back
			k.arm()
		}
		<-k.life.process.ended
	})
	k.wantRepaired()
}

// killed is a daemon in a process of its own that receives the mirror of one session, and is killed while it toggles it.
type killed struct {
	*schedule
	life    *mortal
	session wire.Session
}

// newKilled begins a daemon that dies at a point once it is armed, and has it mirror web-01.
func newKilled(t *testing.T, point reconcile.Point) *killed {
	way := newWay(t)
	s := &schedule{world: &world{log: new(output), server: newServer(t, "", ownTransport(t))}}
	s.sim = newSimulator(t, sim.Options{Seed: 1, Emit: sim.EmitMemory, Memory: way.send, Interval: 100 * time.Millisecond, Log: logTo(s.log)})
	dir := t.TempDir()
	k := &killed{schedule: s, life: &mortal{s: s, config: mortalConfig{
		URL: s.sim.URL().String(), Thumbprint: s.sim.Thumbprint(), Dir: filepath.Join(dir, "data"), Packets: way.to.Name, Armed: filepath.Join(dir, "armed"),
	}}}
	t.Cleanup(k.life.end)
	k.life.start(point)
	s.untilReady()
	k.session = s.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.OnDrift = "report" }))
	return k
}

// arm has the daemon die when it next comes by its point.
func (k *killed) arm() {
	k.t.Helper()
	k.act(os.WriteFile(k.life.config.Armed, nil, 0o600))
}

// toggle asks for a toggle proof, and returns when the daemon is dead, which meanwhile sees to.
func (k *killed) toggle(meanwhile func()) {
	k.t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := k.try(http.MethodPost, "/v1/sessions/web-01:verify?toggle=true", nil)
		ended <- err
	}()
	meanwhile()
	if err := <-ended; err == nil || !k.life.dead() {
		k.t.Fatalf("the daemon lives to answer: %v", err)
	}
}

func (k *killed) untilDisabled() {
	k.t.Helper()
	await(k.t, soon, "the session is disabled on the switch", func() (bool, string) {
		on, there := k.onSwitch(k.session.Status.Switch.SessionKey)
		return there && !on.Enabled, on.Description
	})
}

// wantRepaired begins the next daemon, and wants the session as it was before.
func (k *killed) wantRepaired() {
	k.t.Helper()
	k.life.begin()
	k.untilReady()
	k.enabledAgain(k.session)
	k.untilState("web-01", "delivering", soon)
	after := k.session
	k.until("web-01", soon, "stands as it was asked for", func(s wire.Session) bool {
		after = s
		return s.Status.ObservedGeneration == s.Generation && condition(s, "Ready").Status == "True"
	})
	if after.Revision != k.session.Revision || after.Generation != k.session.Generation || after.Status.Switch.SessionKey != k.session.Status.Switch.SessionKey {
		k.t.Errorf("revision %d, generation %d, key %s, and before %+v", after.Revision, after.Generation, after.Status.Switch.SessionKey, k.session)
	}
	if k.happened("web-01", "drifted", "") || k.happened("web-01", "verdict", "lost") {
		k.t.Error("the interruption is told as drift, or as a loss")
	}
}

// way takes mirror packets from a simulator in this process to a receiver in another, each in a datagram.
type way struct {
	from *net.UnixConn
	to   *net.UnixAddr
}

func newWay(t *testing.T) *way {
	t.Helper()
	dir, err := os.MkdirTemp("", "vspan-way-") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	from, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "from")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close() })
	return &way{from, &net.UnixAddr{Net: "unixgram", Name: filepath.Join(dir, "to")}}
}

// send sends a packet; where nobody receives it is lost, as on any network.
func (w *way) send(packet []byte) {
	_ = w.from.SetWriteDeadline(time.Now().Add(pause)) // a receiver that was killed in the middle takes nothing more
	_, _ = w.from.WriteToUnix(packet, w.to)
}

// arrive receives packets that come by a way at path, until the process ends.
func arrive(path string, take func(packet []byte)) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	to, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		return err
	}
	go func() {
		packet := make([]byte, 1<<16)
		for {
			n, err := to.Read(packet)
			if err != nil {
				return
			}
			take(packet[:n])
		}
	}()
	return nil
}
