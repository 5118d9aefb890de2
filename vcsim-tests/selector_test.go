package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// selecting asks for whatever a selector fits.
func selecting(s wire.Selector) wire.Spec { return wire.Spec{Sources: []wire.Source{{Selector: &s}}} }

// mirrors waits until a session mirrors the ports of these VMs on the switch, all of their adapters and nothing else, and says so in
// its status.
func (w *world) mirrors(name string, vms ...string) {
	w.t.Helper()
	await(w.t, soon, fmt.Sprintf("%q mirrors %v", name, vms), func() (bool, string) {
		var want []string
		for _, vm := range vms {
			for _, nic := range w.vm(vm).NICs {
				want = append(want, nic.PortKey)
			}
		}
		return w.mirrorsPorts(name, want)
	})
}

// mirrorsPorts reports whether a session mirrors exactly these ports.
func (w *world) mirrorsPorts(name string, want []string) (ok bool, seen string) {
	s := w.session(name)
	var told, mirrored []string
	for _, source := range s.Status.Sources {
		if source.PortKey != "" {
			told = append(told, source.PortKey)
		}
	}
	for _, at := range w.ours()[s.UID] {
		if at.Enabled {
			mirrored = append(mirrored, at.FromVM...)
			if !sameSet(at.FromVM, at.ToVM) {
				return false, fmt.Sprintf("from %v, to %v", at.FromVM, at.ToVM)
			}
		}
	}
	return sameSet(want, mirrored) && (len(want) == 0 || sameSet(want, told)),
		fmt.Sprintf("want ports %v, mirrored are %v, told are %v: %s", want, mirrored, told, describe(s))
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// noResync keeps the resync out of the way, so that what is followed is followed because it was noticed.
func noResync(s *setup) { s.daemon.Resync = time.Hour }

// lookOften has tags looked at more often than every 30 s.
func lookOften(s *setup) { s.vcenter.TagInterval = 100 * time.Millisecond }

func TestSelectorByTagFollowsItsMembers(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync, lookOften)
	w.act(w.sim.TagVM("web-01", "pci"))
	w.act(w.sim.TagVM("db-01", "audit"))
	w.applied("client-01", mirrorOf("client-01"))
	if n := w.proxy.Calls(faultproxy.REST); n != 0 {
		t.Errorf("%d calls to the tagging service while no session selects by tag", n)
	}
	w.applied("cards", selecting(wire.Selector{Tag: "pci"}))
	w.mirrors("cards", "web-01")
	w.act(w.sim.TagVM("web-02", "pci"))
	w.mirrors("cards", "web-01", "web-02")
	w.act(w.sim.TagVM("db-01", "pci"))
	w.mirrors("cards", "web-01", "web-02", "db-01")
	w.act(w.sim.UntagVM("web-01", "pci"))
	w.mirrors("cards", "web-02", "db-01")
	w.act(w.sim.DeleteVM("web-02"))
	w.mirrors("cards", "db-01")
	w.act(w.sim.UntagVM("db-01", "pci"))
	w.mirrors("cards")
	if got := w.until("cards", soon, "says why it mirrors nothing", func(s wire.Session) bool {
		return condition(s, "Accepted").Reason == "SourceGone"
	}); !strings.Contains(condition(got, "Accepted").Message, "pci") {
		t.Errorf("the tag is not named: %s", describe(got))
	}
	w.act(w.sim.TagVM("web-01", "pci"))
	w.mirrors("cards", "web-01")
}

// TestTagsAreLookedAtOnlyForThoseWhoNeedThem: the last session that selects by tag takes the looking with it.
func TestTagsAreLookedAtOnlyForThoseWhoNeedThem(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync, lookOften)
	w.act(w.sim.TagVM("web-01", "pci"))
	w.applied("cards", selecting(wire.Selector{Tag: "pci"}))
	w.applied("names", selecting(wire.Selector{Name: "web-*"}))
	looking, _ := w.callsWithin(2 * time.Second)
	if n := looking[faultproxy.REST]; n < 4 || n > 60 { // a look every 100 ms, of two calls, and a read now and then
		t.Errorf("%d calls to the tagging service in 2 s, want about 40: %v", n, looking)
	}
	w.remove("cards")
	await(t, soon, "nobody looks at tags", func() (bool, string) {
		calls, _ := w.callsWithin(500 * time.Millisecond)
		return calls[faultproxy.REST] == 0, fmt.Sprint(calls)
	})
	calls, _ := w.callsWithin(2 * time.Second)
	if calls[faultproxy.REST] != 0 {
		t.Errorf("tags are looked at for nobody: %v", calls)
	}
	// A dry run needs them for a moment; one after the other, each begins while the looking for the one before ends.
	for range 30 {
		a := w.do(http.MethodPut, "/v1/sessions/cards?dryRun=true", wire.SessionInput{Spec: selecting(wire.Selector{Tag: "pci"})})
		w.want(a, http.StatusOK)
		if !strings.Contains(string(a.body), w.vm("web-01").NICs[0].PortKey) {
			t.Errorf("the dry run does not find web-01: %s", a.body)
		}
	}
	await(t, soon, "nobody looks at tags", func() (bool, string) {
		calls, _ := w.callsWithin(500 * time.Millisecond)
		return calls[faultproxy.REST] == 0, fmt.Sprint(calls)
	})
}

// TestUnreadableTagsTakeNoMirrorDown: not to know who bears a tag is not to know that nobody does.
func TestUnreadableTagsTakeNoMirrorDown(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faultproxy.Rule{
		"500":       {Fault: faultproxy.Status, Status: http.StatusInternalServerError},
		"401":       {Fault: faultproxy.Status, Status: http.StatusUnauthorized},
		"403":       {Fault: faultproxy.Status, Status: http.StatusForbidden},
		"404":       {Fault: faultproxy.Status, Status: http.StatusNotFound},
		"reset":     {Fault: faultproxy.Reset},
		"truncated": {Fault: faultproxy.TruncateReply},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t, lookOften, func(s *setup) { s.daemon.Resync = time.Second })
			w.act(w.sim.TagVM("web-01", "pci"))
			w.act(w.sim.TagVM("web-02", "pci"))
			w.applied("cards", selecting(wire.Selector{Tag: "pci"}))
			w.applied("client-01", mirrorOf("client-01"))
			w.mirrors("cards", "web-01", "web-02")
			before := w.sim.State().Switch.ConfigVersion
			rule.Method = faultproxy.REST
			trouble := w.inject(rule)
			w.fired(trouble, 1)
			w.act(w.sim.PowerVM("db-01", false)) // a reason to read
			time.Sleep(3 * time.Second)          // reads that fail change nothing, which only time shows
			if now := w.sim.State().Switch.ConfigVersion; now != before {
				t.Errorf("the switch went from version %s to %s: %+v", before, now, w.sim.State().Sessions)
			}
			if name == "500" {
				w.until("cards", soon, "says that tags cannot be read", func(s wire.Session) bool {
					return strings.Contains(describe(s), "tagging service")
				})
			}
			trouble.Remove()
			if name == "401" {
				return // a login that was refused rests for a minute
			}
			w.act(w.sim.UntagVM("web-01", "pci"))
			w.mirrors("cards", "web-02")
			w.recovered("client-01", soon)
		})
	}
}

func TestSelectorByNameFollowsItsMembers(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync)
	w.applied("web", selecting(wire.Selector{Name: "web-*"}))
	w.mirrors("web", "web-01", "web-02")
	_, err := w.sim.AddNIC("web-01", "prod-db")
	w.act(err)
	w.mirrors("web", "web-01", "web-02")
	w.act(w.sim.RenameVM("web-02", "old-02"))
	w.mirrors("web", "web-01")
	w.act(w.sim.RenameVM("client-01", "web-09"))
	w.mirrors("web", "web-01", "web-09")
	w.act(w.sim.RemoveNIC("web-01", w.vm("web-01").NICs[0].PortKey))
	w.mirrors("web", "web-01", "web-09")
	w.act(w.sim.RemoveNIC("web-01", w.vm("web-01").NICs[0].PortKey))
	w.mirrors("web", "web-09")
	_, err = w.sim.AddNIC("web-01", "prod-web")
	w.act(err)
	w.mirrors("web", "web-01", "web-09")
	w.act(w.sim.DeleteVM("web-09"))
	w.mirrors("web", "web-01")
}

func TestSelectorByFolderFollowsItsMembers(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync)
	w.act(w.sim.FileVM("db-01", "payments"))
	w.applied("payments", selecting(wire.Selector{Folder: "payments"}))
	w.mirrors("payments", "db-01")
	w.act(w.sim.FileVM("web-01", "payments"))
	w.mirrors("payments", "db-01", "web-01")
	w.act(w.sim.FileVM("db-01", "archive"))
	w.mirrors("payments", "web-01")
	w.act(w.sim.DeleteVM("web-01"))
	w.mirrors("payments")
}

func TestPortgroupFollowsItsMembers(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync)
	w.applied("db", wire.Spec{Sources: []wire.Source{{Portgroup: "prod-db"}}})
	w.mirrors("db", "db-01")
	added, err := w.sim.AddNIC("web-02", "prod-db")
	w.act(err)
	await(t, soon, "the new adapter is mirrored", func() (bool, string) {
		return w.mirrorsPorts("db", []string{w.vm("db-01").NICs[0].PortKey, added})
	})
	w.act(w.sim.RemoveNIC("web-02", added))
	w.mirrors("db", "db-01")
	// client-01 takes db-01's port, and with it its portgroup; db-01 gets another one there.
	w.act(w.sim.ReassignPort(w.vm("db-01").NICs[0].PortKey, "client-01"))
	w.mirrors("db", "db-01", "client-01")
	w.act(w.sim.ReassignPort(w.vm("web-01").NICs[0].PortKey, "client-01"))
	w.mirrors("db", "db-01")
}

// TestSelectedVMIsPoweredOffAndOn: its port stays its own.
func TestSelectedVMIsPoweredOffAndOn(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, noResync)
	for name, source := range map[string]wire.Source{
		"name":  {Selector: &wire.Selector{Name: "web-*"}},
		"group": {Portgroup: "prod-db"},
	} {
		w.applied(name, wire.Spec{Sources: []wire.Source{source}})
	}
	for _, on := range []bool{false, true} {
		w.act(w.sim.PowerVM("web-01", on))
		w.act(w.sim.PowerVM("db-01", on))
		w.mirrors("name", "web-01", "web-02")
		w.mirrors("group", "db-01")
	}
}
