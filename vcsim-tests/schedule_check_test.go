package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// calmTime is how long everything may take to come true after the last trouble: the longest pause after failures is half a minute.
const calmTime = 90 * time.Second

// ourSessions are those on the switch that bear the marker of the daemon's installation.
func (s *schedule) ourSessions() []sim.SessionState {
	return slices.DeleteFunc(s.sim.State().Sessions, func(v sim.SessionState) bool {
		_, marked := mirror.ParseMarker(v.Description)
		_, strange := s.strangers[v.Key]
		return strange || !marked
	})
}

func (s *schedule) rememberStrangers() {
	for _, v := range s.sim.State().Sessions {
		if _, strange := s.strangers[v.Key]; strange {
			s.strangers[v.Key] = fmt.Sprintf("%+v", v.SessionSpec)
		}
	}
}

// check holds what must hold at every moment: I1, no session of others is changed or gone, and I2, none of ours stands twice.
func (s *schedule) check() {
	s.t.Helper()
	left := len(s.strangers)
	uids := make(map[string]string)
	for _, v := range s.sim.State().Sessions {
		if was, strange := s.strangers[v.Key]; strange {
			left--
			if now := fmt.Sprintf("%+v", v.SessionSpec); now != was {
				s.fail("I1: the session of others with key %s was\n%s and is\n%s", v.Key, was, now)
			}
			continue
		}
		m, marked := mirror.ParseMarker(v.Description)
		if !marked {
			s.fail("session %s (key %s) bears no marker: %q", v.Name, v.Key, v.Description)
		}
		if other, twice := uids[m.UID]; twice {
			s.fail("I2: session %s stands under the keys %s and %s", v.Name, other, v.Key)
		}
		uids[m.UID] = v.Key
	}
	if left != 0 {
		s.fail("I1: %d sessions of others are gone", left)
	}
}

// calm ends all trouble.
func (s *schedule) calm() {
	s.did("it calms down")
	s.proxy.Clear()
	s.act(s.sim.FailTask(sim.BeforeApply, 0))
	s.act(s.sim.FailTask(sim.AfterApply, 0))
	s.act(s.sim.TaskDelay(0))
	s.jump.off.Store(0)
	s.life.arm("")
	if s.life.dead() {
		s.revive()
	}
	s.checkAcknowledged()
}

// checkEnd waits until what stands is what is asked for: I3, I6, nothing twice, nothing left behind.
func (s *schedule) checkEnd() {
	s.t.Helper()
	await(s.t, calmTime, fmt.Sprintf("seed %d: what stands is what is asked for", s.seed), func() (bool, string) {
		s.check()
		wrong := s.wrong()
		return wrong == "", wrong
	})
}

// wrong says in what the switch is not as asked, or "".
func (s *schedule) wrong() string {
	stands := make(map[string]sim.SessionState)
	for _, v := range s.ourSessions() {
		m, _ := mirror.ParseMarker(v.Description)
		stands[m.UID] = v
	}
	ids := make(map[string]string)
	for name, a := range s.asked {
		v, there := stands[a.session.UID]
		delete(stands, a.session.UID)
		if text := s.wrongOf(name, a, v, there); text != "" {
			return fmt.Sprintf("session %q (%v): %s", name, a, text)
		}
		if there && v.Encapsulation != "gre" {
			use := fmt.Sprint(v.Destinations, v.ERSPANID)
			if other := ids[use]; other != "" {
				return fmt.Sprintf("sessions %q and %q both send ERSPAN id %d to %v", name, other, v.ERSPANID, v.Destinations)
			}
			ids[use] = name
		}
	}
	if len(stands) > 0 {
		return fmt.Sprintf("nobody asked for %+v", stands)
	}
	return ""
}

func (s *schedule) wrongOf(name string, a *asked, v sim.SessionState, there bool) string {
	got, err := s.try(http.MethodGet, "/v1/sessions/"+name, nil)
	if err != nil {
		return err.Error()
	}
	over := !a.session.ExpiresAt.IsZero() && !time.Now().Before(a.session.ExpiresAt)
	switch {
	case a.deleted && got.status != http.StatusNotFound:
		return fmt.Sprintf("was deleted, and GET answers %d", got.status)
	case (a.deleted || over) && there:
		return "is over and stands on the switch"
	case a.deleted || over:
		return ""
	case got.status != http.StatusOK:
		return fmt.Sprintf("GET answers %d", got.status)
	}
	now := read[wire.Session](s.server, got)
	fromVM, toVM := s.ports(a.session.Spec)
	applied := condition(now, "Applied")
	switch {
	case len(fromVM)+len(toVM) == 0 && there:
		return "has no source any more and stands on the switch"
	case len(fromVM)+len(toVM) == 0:
		return ""
	case applied.Reason == "DriftReported" && !there:
		return ""
	case !there:
		return "does not stand on the switch: " + describe(now)
	case !allIn(v.FromVM, fromVM) || !allIn(v.ToVM, toVM):
		return fmt.Sprintf("I6: mirrors from %v to %v, asked for are %v and %v", v.FromVM, v.ToVM, fromVM, toVM)
	case applied.Reason == "DriftReported":
		return ""
	}
	want := fmt.Sprint(*a.session.Spec.Enabled, a.session.Spec.SnapLength, a.session.Spec.Encapsulation.Type, fromVM, toVM)
	if have := fmt.Sprint(v.Enabled, v.SnapLength, v.Encapsulation, sorted(v.FromVM), sorted(v.ToVM)); have != want {
		return fmt.Sprintf("stands as %s, asked for is %s", have, want)
	}
	if applied.Status != "True" {
		return "stands as asked, and the daemon says " + describe(now)
	}
	return ""
}

// ports are those of the VMs that a spec names, as they are now.
func (s *schedule) ports(spec wire.Spec) (fromVM, toVM []string) {
	for _, src := range spec.Sources {
		for _, vm := range s.sim.State().VMs {
			if vm.Name != src.VM {
				continue
			}
			for _, nic := range vm.NICs {
				if src.Direction != "to-vm" {
					fromVM = append(fromVM, nic.PortKey)
				}
				if src.Direction != "from-vm" {
					toVM = append(toVM, nic.PortKey)
				}
			}
		}
	}
	return sorted(fromVM), sorted(toVM)
}

// sorted is a set of port keys: a person may name one twice.
func sorted(keys []string) []string { return slices.Compact(slices.Sorted(slices.Values(keys))) }

func allIn(keys, of []string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return !slices.Contains(of, key) })
}
