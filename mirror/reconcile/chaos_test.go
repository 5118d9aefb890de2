package reconcile_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// TestChaos lets people, vCenter and time do what they like for a while, in an order that the seed decides. All the while no
// session of a stranger changes (I1) and no session stands twice on a switch (I2); when it calms down, what stands is what is
// asked for and nothing else.
func TestChaos(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bench(t, func(b *workbench) {
				c := &chaos{workbench: b, f: two(), rand: rand.New(rand.NewPCG(seed, 1))}
				stranger := mirror.VSPAN{Key: "900", Name: "s-1", Type: mirror.L3Source, Description: "vspan/1 o=there s=uid-s-1 g=1 x=1", Encapsulation: mirror.ERSPAN2, ERSPANID: 1, Destinations: receivers(), FromVM: []string{"101"}, Sampling: 1}
				for _, s := range c.f.switches {
					s.vm("102", "web-02", "esx-01")
					s.sw.Sessions = []mirror.VSPAN{stranger}
				}
				b.start(c.f)
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
}

func (c *chaos) step() {
	uuid := []string{dvs0, dvs1}[c.rand.IntN(2)]
	name := fmt.Sprint("s-", c.rand.IntN(max(c.made, 1)))
	switch c.rand.IntN(14) {
	case 0, 1, 2:
		s := ask(fmt.Sprint("s-", c.made), c.vm())
		s.ExpiresAt = time.Now().Add(time.Duration(1+c.rand.IntN(600)) * time.Second)
		s.Spec.Encapsulation.Type = mirror.EncapsulationType(c.rand.IntN(3))
		c.made++
		c.create(s)
	case 3, 4:
		c.modify(name, func(s *mirror.Session) {
			s.Generation++
			s.Spec.Sources[0].VM, s.Spec.SnapLength, s.Spec.Enabled = c.vm(), 64*c.rand.IntN(3), c.rand.IntN(2) == 0
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
		c.f.setDown(errors.New("no route to host"))
	case 10:
		c.f.rig(uuid, func(s *fakeSwitch) { s.after = c.fails() })
	case 11:
		c.f.rig(uuid, func(s *fakeSwitch) { s.refuse = c.fails() })
	case 12:
		c.f.setDown(nil)
		c.f.rig(uuid, func(s *fakeSwitch) { s.refuse, s.after = nil, nil })
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

// calm mends everything and lets enough time pass for it to be noticed.
func (c *chaos) calm() {
	c.f.setDown(nil)
	for _, uuid := range []string{dvs0, dvs1} {
		c.f.rig(uuid, func(s *fakeSwitch) { s.refuse, s.after = nil, nil })
	}
	c.pass(3 * time.Minute)
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
