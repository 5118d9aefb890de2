package mirror_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestUnacceptable(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*mirror.Wanted, *mirror.Session)
		reason mirror.Reason
		says   string
	}{
		{"no source is left", func(_ *mirror.Wanted, s *mirror.Session) { s.Spec.Sources[0].VM = "none" }, mirror.SourceGone, `VM "none"`},
		{"no source is named", func(_ *mirror.Wanted, s *mirror.Session) { s.Spec.Sources = nil }, mirror.SourceGone, `session "web-01": names no source`},
		{"no L3", func(w *mirror.Wanted, _ *mirror.Session) { w.Switch.Capabilities.L3Source = mirror.Unsupported }, mirror.NotSupported, `switch "DVS0": cannot do Encapsulated Remote Mirroring (L3) Source (switch version 8.0.0)`},
		{"no ERSPAN", func(w *mirror.Wanted, _ *mirror.Session) { w.Switch.Capabilities.ERSPAN = mirror.Unsupported }, mirror.NotSupported, "cannot do encapsulation erspan2 (switch version 8.0.0): ask for gre, or upgrade the switch"},
		{"no netstack", func(w *mirror.Wanted, s *mirror.Session) {
			w.Switch.Capabilities.Netstack, s.Spec.Netstack = mirror.Unsupported, "mirror"
		}, mirror.NotSupported, `netstack "mirror"`},
		{"no receiver", func(w *mirror.Wanted, _ *mirror.Session) { w.Receivers = nil }, mirror.NoReceiver, "start the daemon with one"},
		{"no id", func(_ *mirror.Wanted, s *mirror.Session) { s.ERSPANID = 0 }, mirror.IDsExhausted, "no ERSPAN id of 1 to 1023 is free at [10.2.1.110]"},
		{"a foreign session's id", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Switch.Sessions = []mirror.VSPAN{foreign("9", 7, receiver)}
		}, mirror.IDConflict, `ERSPAN id 7: session "by hand" (key 9) on switch "DVS0" sends it to the same address 10.2.1.110: leave encapsulation.id out`},
		{"an id of another switch", func(w *mirror.Wanted, _ *mirror.Session) {
			w.TakenIDs = map[mirror.IDUse]string{{Address: receiver, ID: 7}: "tap (key 3 on OLD)"}
		}, mirror.IDConflict, `session "tap (key 3 on OLD)" of another switch`},
		{"an older session's id", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Sessions = append(w.Sessions, with(session("first", "web-02", 7), func(s *mirror.Session) { s.CreatedAt = noon.Add(-2 * time.Hour) }))
		}, mirror.IDConflict, `session "first" sends it`},
		{"an older session's id, of another switch", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Others = append(w.Others, with(session("first", "web-02", 7), func(s *mirror.Session) { s.CreatedAt = noon.Add(-2 * time.Hour) }))
		}, mirror.IDConflict, `session "first" sends it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s := wanted(dvs0()), session("web-01", "web-01", 7)
			c.change(&w, &s)
			w.Sessions = append(w.Sessions, s)
			plan := mirror.MakePlan(w)
			p := plan.Sessions[len(plan.Sessions)-1]
			if p.Accepted || p.Fault == nil || p.Fault.Reason != c.reason || !strings.Contains(p.Fault.Error(), c.says) {
				t.Errorf("fault %v; want %v: %s", p.Fault, c.reason, c.says)
			}
			if !p.Fault.Permanent() {
				t.Error("is not permanent")
			}
		})
	}
}

// foreign is a session somebody made by hand.
func foreign(key string, id uint16, to netip.Addr) mirror.VSPAN {
	return mirror.VSPAN{
		Key: key, Name: "by hand", Description: "bob", Enabled: true, Type: mirror.L3Source, Encapsulation: mirror.ERSPAN3, ERSPANID: id,
		Destinations: []netip.Addr{to}, FromVM: []string{"101"}, Sampling: 1,
	}
}

func TestAcceptable(t *testing.T) {
	elsewhere := netip.MustParseAddr("10.9.9.9")
	for _, c := range []struct {
		name   string
		change func(*mirror.Wanted, *mirror.Session)
	}{
		{"one source is missing", func(_ *mirror.Wanted, s *mirror.Session) {
			s.Spec.Sources = append(s.Spec.Sources, mirror.Source{VM: "none"})
		}},
		{"the id at another address", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Switch.Sessions = []mirror.VSPAN{foreign("9", 7, elsewhere)}
		}},
		{"another id at the address", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Switch.Sessions = []mirror.VSPAN{foreign("9", 8, receiver)}
		}},
		{"the id in a session without ids", func(w *mirror.Wanted, _ *mirror.Session) {
			v := foreign("9", 7, receiver)
			v.Encapsulation = mirror.GRE
			w.Switch.Sessions = []mirror.VSPAN{v}
		}},
		{"a younger session's id", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Sessions = append(w.Sessions, with(session("second", "web-02", 7), func(s *mirror.Session) { s.CreatedAt = noon }))
		}},
		{"a deleted session's id", func(w *mirror.Wanted, _ *mirror.Session) {
			w.Sessions = append(w.Sessions, with(session("first", "web-02", 7), func(s *mirror.Session) { s.CreatedAt, s.DeletedAt = noon.Add(-2*time.Hour), noon }))
		}},
		{"its own id on the switch it leaves", func(w *mirror.Wanted, _ *mirror.Session) {
			w.TakenIDs = map[mirror.IDUse]string{{Address: receiver, ID: 7}: "web-01"}
		}},
		{"a switch that does not say what it can", func(w *mirror.Wanted, s *mirror.Session) { s.Spec.Netstack = "mirror" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, s := wanted(dvs0()), session("web-01", "web-01", 7)
			c.change(&w, &s)
			w.Sessions = append(w.Sessions, s)
			plan := mirror.MakePlan(w)
			if p := plan.Sessions[len(plan.Sessions)-1]; !p.Accepted || p.Fault != nil {
				t.Errorf("fault %v", p.Fault)
			}
		})
	}
}

// TestIDConflictAmongStanding: a session that stands keeps its id, whoever comes, and an older session that comes later to ask
// for it does not get it.
func TestIDConflictAmongStanding(t *testing.T) {
	young := with(session("young", "web-02", 7), func(s *mirror.Session) { s.CreatedAt = noon })
	old := session("old", "web-01", 3)
	sw := applied(t, dvs0(), young, old)
	old.Generation, old.Spec.Encapsulation.ID, old.ERSPANID = 2, 7, 7
	plan := mirror.MakePlan(wanted(sw, old, young))
	if p := plan.Sessions[0]; p.Fault == nil || p.Fault.Reason != mirror.IDConflict {
		t.Errorf("old: %+v", p)
	}
	if p := plan.Sessions[1]; !p.Settled {
		t.Errorf("young: %+v", p)
	}

	sw = applied(t, dvs0(), young)
	sw.Sessions = append(sw.Sessions, foreign("9", 7, receiver))
	p := mirror.MakePlan(wanted(sw, young)).Sessions[0]
	if !p.Settled || !strings.Contains(strings.Join(p.Warnings, "\n"), `session "by hand" (key 9)`) {
		t.Errorf("a foreign session came second: want a warning and no more, got %+v", p)
	}
}

func TestWarnings(t *testing.T) {
	s := session("web-01", "web-01", 7)
	s.Spec.Sources = append(s.Spec.Sources, mirror.Source{VM: "none"}, mirror.Source{VM: "web-02"})
	s.Spec.Destination = mirror.Destination{Addresses: []netip.Addr{netip.MustParseAddr("10.9.9.9")}}
	sw := dvs0()
	sw.Ports[1].Connected = false
	sw.Sessions = []mirror.VSPAN{foreign("9", 8, receiver)}
	got := strings.Join(mirror.MakePlan(wanted(applied(t, sw, s), s)).Sessions[0].Warnings, "\n")
	want := `port 101 (web-01) is already mirrored by 1 other session(s)
VM "none": there is no VM of this name on vCenter "default"
port 102 (web-02, Network adapter 1) is not connected: nothing is mirrored before the VM is powered on and its adapter connected
the collector is somebody else's: whether the mirror arrives cannot be seen from here
whole frames grow by 36 bytes of headers and leave the hosts as outer fragments where the path's MTU is 1500`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
