package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

// seeds are those that TestChaos tries: VSPAN_CHAOS_SEEDS of them, or one alone, by its number, with -run 'TestChaos/seed_7$'.
func seeds(t *testing.T) uint64 {
	count := os.Getenv("VSPAN_CHAOS_SEEDS")
	if count == "" {
		return 40
	}
	n, err := strconv.ParseUint(count, 10, 32)
	if err != nil {
		t.Fatalf("VSPAN_CHAOS_SEEDS: %v", err)
	}
	return n
}

// TestChaos lets people, vCenter, time and the process's own death do what they like for a while, in an order that the seed decides.
// All the while no session of a stranger changes (I1), no session stands twice on a switch (I2), nothing lives on past its end where
// vCenter can be reached (I3), and nothing is made while a stranger's port is mirrored (I6); when it calms down, what stands is what
// is asked for and nothing else.
func TestChaos(t *testing.T) {
	for seed := range seeds(t) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bench(t, func(b *workbench) {
				c := &chaos{workbench: b, f: two(), rand: rand.New(rand.NewPCG(seed, 1))}
				stranger := mirror.VSPAN{Key: "900", Name: "s-1", Type: mirror.L3Source, Description: "vspan/1 o=there s=uid-s-1 g=1 x=1", Encapsulation: mirror.ERSPAN2, ERSPANID: 1, Destinations: receivers(), FromVM: []string{"101"}, Sampling: 1}
				for _, s := range c.f.switches {
					s.vm("102", "web-02", "esx-01")
					s.sw.Sessions = []mirror.VSPAN{stranger}
					s.carried = c.carried(s)
				}
				c.asked = make(map[string]string)
				c.e = newElection()
				c.replace(asCandidate(c.e, "0"))
				for range 80 {
					c.step()
					b.settle()
					c.check(stranger)
				}
				c.calm()
				c.check(stranger)
				c.checkEnd()
			})
		})
	}
}

type chaos struct {
	*workbench
	f    *fakeVCenter
	rand *rand.Rand
	made int

	e       *election
	daemons int
	d       *daemon   // the newest, whose board is looked at
	older   []*daemon // that were paused, and lost what they were to write

	mu     sync.Mutex
	asked  map[string]string // whose traffic was asked for, by UID and generation
	calmAt time.Time         // since when vCenter was reachable and took everything; what it refused before may rest for a minute; zero: it does not
}

// replace starts another reconciler and looks at its board from then on.
func (c *chaos) replace(change func(*reconcile.Options)) {
	c.d = c.daemon(change, c.f)
	c.board = c.d.board
	c.stop = func() {
		for _, d := range append(c.older, c.d) {
			d.stop()
		}
	}
}

// restart ends the newest reconciler and starts another.
func (c *chaos) restart() {
	c.d.stop()
	c.daemons++
	c.replace(asCandidate(c.e, fmt.Sprint(c.daemons)))
}

// overtake takes the right to write from the newest reconciler, which goes on without, and gives it to a new one.
func (c *chaos) overtake() {
	tell := c.e.depose(fmt.Sprint(c.daemons))
	c.older = append(c.older, c.d)
	c.daemons++
	c.replace(asCandidate(c.e, fmt.Sprint(c.daemons)))
	tell()
	if len(c.older) > 2 {
		c.older[0].stop()
		c.older = c.older[1:]
	}
}

// die has the newest reconciler end at a point, and another begin.
func (c *chaos) die() {
	c.d.stop()
	c.daemons++
	points := reconcile.Points()
	point, ctx := points[c.rand.IntN(len(points))], c.ctx
	dead := make(chan struct{})
	var once sync.Once
	dying := func(o *reconcile.Options) {
		asCandidate(c.e, fmt.Sprint(c.daemons))(o)
		o.At = func(p reconcile.Point) {
			if p == point {
				once.Do(func() { close(dead) })
				runtime.Goexit()
			}
		}
	}
	var cancel context.CancelFunc
	c.ctx, cancel = context.WithCancel(ctx)
	go func() {
		<-dead
		cancel()
	}()
	c.replace(dying)
	c.ctx = ctx
	c.pass(time.Second)
	once.Do(func() { close(dead) })
	cancel()
	c.restart()
}

// carried looks at a switch after each call that it took: nothing but what is urgent may be done while a stranger's port is mirrored.
func (c *chaos) carried(s *fakeSwitch) func([]mirror.Change) {
	return func(changes []mirror.Change) {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, v := range s.sw.Sessions {
			touched := slices.ContainsFunc(changes, func(change mirror.Change) bool {
				m, _ := v.Marker()
				return change.UID == m.UID && change.Operation != mirror.Remove
			})
			if vm := c.strangerOf(s, v); vm != "" && (touched || !c.calmAt.IsZero() && time.Since(c.calmAt) > time.Minute && !changes[0].Urgent) {
				c.Errorf("after %+v, session %q mirrors %q (%v)", changes, v.Name, vm, v.Description)
			}
		}
	}
}

// strangerOf names a VM that an enabled session of ours mirrors and was not asked to, or "".
func (c *chaos) strangerOf(s *fakeSwitch, v mirror.VSPAN) string {
	m, ok := v.Marker()
	if !ok || m.Owner != owner || !v.Enabled {
		return ""
	}
	for _, p := range s.sw.Ports {
		if slices.Contains(v.Ports(), p.Key) && p.VM != c.asked[fmt.Sprint(m.UID, "/", m.Generation)] {
			return p.VM
		}
	}
	return ""
}

// asks notes whose traffic a session is asked to mirror.
func (c *chaos) asks(s mirror.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[fmt.Sprint(s.UID, "/", s.Generation)] = s.Spec.Sources[0].VM
}

// troubles notes whether vCenter can be reached and takes what it is sent.
func (c *chaos) troubles(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case yes:
		c.calmAt = time.Time{}
	case c.calmAt.IsZero():
		c.calmAt = time.Now()
	}
}

func (c *chaos) step() {
	uuid := []string{dvs0, dvs1}[c.rand.IntN(2)]
	name := fmt.Sprint("s-", c.rand.IntN(max(c.made, 1)))
	switch c.rand.IntN(18) {
	case 0, 1, 2:
		s := ask(fmt.Sprint("s-", c.made), c.vm())
		s.ExpiresAt = time.Now().Add(time.Duration(1+c.rand.IntN(600)) * time.Second)
		s.Spec.Encapsulation.Type = mirror.EncapsulationType(c.rand.IntN(3))
		c.made++
		c.asks(s)
		c.create(s)
	case 3, 4:
		c.modify(name, func(s *mirror.Session) {
			s.Generation++
			s.Spec.Sources[0].VM, s.Spec.SnapLength, s.Spec.Enabled = c.vm(), 64*c.rand.IntN(3), c.rand.IntN(2) == 0
			c.asks(*s)
		})
	case 5:
		c.modify(name, func(s *mirror.Session) { s.DeletedAt = time.Now() })
	case 6:
		c.f.meddle(uuid, func(s *fakeSwitch) {
			for i, v := range s.sw.Sessions {
				if v.Key != "900" && c.rand.IntN(2) == 0 {
					s.sw.Sessions[i].Enabled = !v.Enabled
				}
			}
		})
	case 7:
		c.f.meddle(uuid, func(s *fakeSwitch) { s.sw.Sessions = s.sw.Sessions[:1] })
	case 8:
		c.f.meddle(uuid, func(s *fakeSwitch) { s.sw.Ports[0].Key, s.sw.Ports[1].Key = s.sw.Ports[1].Key, s.sw.Ports[0].Key })
	case 9:
		c.troubles(true)
		c.f.setDown(errors.New("no route to host"))
	case 10:
		c.troubles(true)
		c.f.rig(uuid, func(s *fakeSwitch) { s.after = c.fails() })
	case 11:
		c.troubles(true)
		c.f.rig(uuid, func(s *fakeSwitch) { s.refuse = c.fails() })
	case 12:
		c.relieve()
	case 13:
		c.restart()
	case 14:
		c.overtake()
	case 15:
		c.die()
	default:
		c.pass(time.Duration(c.rand.IntN(90_000)) * time.Millisecond)
	}
}

func (c *chaos) vm() string {
	return []string{"web-01", "db-01", "web-02", "none"}[c.rand.IntN(4)] // web-02 is on both switches
}

// fails makes a failure for every other call.
func (c *chaos) fails() func([]mirror.Change) error {
	fault := mirror.Faultf([]mirror.Reason{mirror.VCenterFault, mirror.VCenterUnreachable, mirror.ConcurrentAccess, mirror.NoPermission}[c.rand.IntN(4)], "fake", "no")
	calls := 0
	return func([]mirror.Change) error {
		if calls++; calls%2 == 0 {
			return nil
		}
		return fault
	}
}

func (c *chaos) modify(name string, change func(*mirror.Session)) {
	_, err := store.Modify(c.ctx, c.store, name, func(s *mirror.Session) bool {
		if s.Deleting() {
			return false
		}
		change(s)
		return true
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		c.Fatal(err)
	}
}

func (c *chaos) check(stranger mirror.VSPAN) {
	c.Helper()
	for _, uuid := range []string{dvs0, dvs1} {
		sessions, _, _ := c.f.look(uuid)
		seen := make(map[string]bool)
		for _, v := range sessions {
			c.checkEndOf(v)
			if m, _ := v.Marker(); seen[m.UID] {
				c.Fatalf("two sessions of %s on switch %s", m.UID, uuid)
			} else if m.Owner == owner {
				seen[m.UID] = true
			}
		}
		if len(sessions) == 0 || !reflect.DeepEqual(sessions[0], stranger) {
			c.Fatalf("the stranger's session on switch %s is %+v", uuid, sessions)
		}
	}
}

// relieve mends vCenter.
func (c *chaos) relieve() {
	for _, uuid := range []string{dvs0, dvs1} {
		c.f.rig(uuid, func(s *fakeSwitch) { s.refuse, s.after = nil, nil })
	}
	c.f.setDown(nil)
	c.troubles(false)
}

// calm mends everything and lets enough time pass for it to be noticed.
func (c *chaos) calm() {
	c.relieve()
	c.pass(3 * time.Minute)
}

// checkEndOf is I3.
func (c *chaos) checkEndOf(v mirror.VSPAN) {
	c.mu.Lock()
	calmAt := c.calmAt
	c.mu.Unlock()
	m, _ := v.Marker()
	if m.Owner != owner || m.Expiry.IsZero() || calmAt.IsZero() {
		return
	}
	due := m.Expiry
	if calmAt.After(due) {
		due = calmAt
	}
	if late := time.Since(due); late > time.Minute {
		c.Errorf("session %q lives on %v after its end, and vCenter can be reached since %v", v.Name, late, time.Since(calmAt))
	}
}

func (c *chaos) checkEnd() {
	stands := make(map[string]mirror.VSPAN)
	for _, uuid := range []string{dvs0, dvs1} {
		sessions, _, _ := c.f.look(uuid)
		for _, v := range sessions[1:] {
			m, _ := v.Marker()
			if _, twice := stands[m.UID]; twice {
				c.Errorf("session %s stands on both switches", m.UID)
			}
			stands[m.UID] = v
		}
	}
	all, _, _ := c.store.List(c.ctx)
	ids := make(map[uint16]string)
	for _, s := range all {
		p := c.board.Status(s.UID).Placement
		v, there := stands[s.UID]
		delete(stands, s.UID)
		switch {
		case s.Deleting():
			c.Errorf("session %q is deleted and its record kept", s.Name)
		case p.Generation != s.Generation:
			c.Errorf("session %q: the board speaks of generation %d, not %d", s.Name, p.Generation, s.Generation)
		case p.Applied != there, p.Applied == (p.Fault != nil):
			c.Errorf("session %q: applied %v, fault %v, stands %v", s.Name, p.Applied, p.Fault, there)
		case there && (v.Enabled != s.Spec.Enabled || v.SnapLength != s.Spec.SnapLength || v.Name != s.Name):
			c.Errorf("session %q stands as %+v", s.Name, v)
		case there && v.Encapsulation.HasID() && ids[v.ERSPANID] != "":
			c.Errorf("sessions %q and %q both send ERSPAN id %d", s.Name, ids[v.ERSPANID], v.ERSPANID)
		case !there && p.Fault.Reason != mirror.LifeOver && p.Fault.Reason != mirror.SourceGone && p.Fault.Reason != mirror.SwitchAmbiguous:
			c.Errorf("session %q does not stand: %v", s.Name, p.Fault)
		}
		if there && v.Encapsulation.HasID() {
			ids[v.ERSPANID] = s.Name
		}
	}
	if len(stands) > 0 {
		c.Errorf("nobody asks for what stands: %v", stands)
	}
	if n := len(c.board.Statuses()); n != len(all) {
		c.Errorf("%d sessions on the board, %d in the store", n, len(all))
	}
}
