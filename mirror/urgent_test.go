package mirror_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// holds reassigns a port of a switch to another VM, as vCenter does with freed keys.
func holds(sw mirror.Switch, key, vm, id string) mirror.Switch {
	sw.Ports = append([]mirror.Port(nil), sw.Ports...)
	for i := range sw.Ports {
		if sw.Ports[i].Key == key {
			sw.Ports[i].VM, sw.Ports[i].VMID, sw.Ports[i].MAC = vm, id, "00:50:56:00:00:99"
		}
	}
	return sw
}

// TestFailure12PortKeyChangesHands: a session that mirrors a stranger's port is disabled, alone and first, and edited only then.
func TestFailure12PortKeyChangesHands(t *testing.T) {
	s := session("db-01", "db-01", 7)
	sw := holds(applied(t, dvs0(), s), "104", "stranger", "vm-99")
	w := wanted(sw, s, session("web-01", "web-01", 8))
	plan := mirror.MakePlan(w)
	next := plan.Next()
	if len(next) != 1 || next[0].Operation != mirror.Edit || next[0].Session.Enabled || !next[0].Urgent || len(plan.Changes) != 2 {
		t.Fatalf("the first call: %+v, of %+v", next, plan.Changes)
	}
	w.Switch = carryOut(t, sw, next)
	for _, v := range w.Switch.Sessions {
		if v.Enabled {
			t.Errorf("is enabled: %+v", v)
		}
	}
	w.Switch = carryOut(t, w.Switch, mirror.MakePlan(w).Next())
	if v := w.Switch.Sessions[0]; !v.Enabled || strings.Join(v.Ports(), " ") != "103" {
		t.Errorf("put right: %+v", v)
	}
	if again := mirror.MakePlan(w); len(again.Changes) > 0 {
		t.Errorf("not settled: %+v", again.Changes)
	}
}

// TestFailure12TheOnlyPortChangesHands: nothing is left to be mirrored, so it is removed, and at once.
func TestFailure12TheOnlyPortChangesHands(t *testing.T) {
	s := session("web-01", "web-01", 7)
	plan := mirror.MakePlan(wanted(holds(applied(t, dvs0(), s), "101", "stranger", "vm-99"), s))
	if next := plan.Next(); len(next) != 1 || next[0].Operation != mirror.Remove || !next[0].Urgent {
		t.Errorf("%+v", next)
	}
}

// TestFailure12PinnedPort: a port that a session names by its key is its VM's at the time, wherever that is noted.
func TestFailure12PinnedPort(t *testing.T) {
	s := session("port", "", 7)
	s.Spec.Sources = []mirror.Source{{PortKey: "101"}}
	s.Pins = s.PinsOn(dvs0(), nil)
	sw := holds(applied(t, dvs0(), s), "101", "stranger", "vm-99")
	plan := mirror.MakePlan(wanted(sw, s))
	if next := plan.Next(); len(next) != 1 || next[0].Operation != mirror.Remove || !next[0].Urgent {
		t.Errorf("%+v", next)
	}
}

// TestFailure22ExpiryComesFirst: what is over goes in a call of its own, before anything is added.
func TestFailure22ExpiryComesFirst(t *testing.T) {
	old := session("old", "web-01", 7)
	sw := applied(t, dvs0(), old)
	old.ExpiresAt = noon
	plan := mirror.MakePlan(wanted(sw, old, session("new", "web-02", 8)))
	if next := plan.Next(); len(next) != 1 || next[0].Operation != mirror.Remove || next[0].UID != "uid-old" || len(plan.Changes) != 2 {
		t.Errorf("%+v of %+v", next, plan.Changes)
	}
}

// crowd is n VMs on a switch with a session each that stands.
func crowd(t *testing.T, n int) (mirror.Switch, []mirror.Session) {
	sw := dvs0()
	var sessions []mirror.Session
	for i := range n {
		p := sw.Ports[0]
		p.Key, p.VM, p.VMID = fmt.Sprint(2000+i), fmt.Sprint("vm-", i), fmt.Sprint("vm-", 2000+i)
		sw.Ports = append(sw.Ports, p)
		sessions = append(sessions, session(fmt.Sprint("s-", i), p.VM, uint16(i+1)))
	}
	return applied(t, sw, sessions...), sessions
}

// TestFailure19Breaker: when most of what stands would go because of what vCenter shows, it is held; deletions are not.
func TestFailure19Breaker(t *testing.T) {
	sw, sessions := crowd(t, 20)
	vanished := sw
	vanished.Ports = sw.Ports[:len(dvs0().Ports)+9] // 11 of 20 VMs are not shown any more
	plan := mirror.MakePlan(wanted(vanished, sessions...))
	if len(plan.Changes) > 0 || len(plan.Held) != 11 {
		t.Fatalf("%d changes, %d held", len(plan.Changes), len(plan.Held))
	}
	if f := plan.Sessions[15].Fault; f == nil || f.Reason != mirror.RemovalHeld || plan.Sessions[3].Fault != nil {
		t.Errorf("fault %v, of a healthy one %v", f, plan.Sessions[3].Fault)
	}
	w := wanted(vanished, sessions...)
	w.Released = true
	if plan := mirror.MakePlan(w); len(plan.Changes) != 11 || len(plan.Held) > 0 {
		t.Errorf("released: %d changes, %d held", len(plan.Changes), len(plan.Held))
	}
	// A port of one of them is a stranger's: that one is disabled all the same.
	strange := vanished
	strange.Ports = append([]mirror.Port{{Key: "2015", Connectee: mirror.VMNIC, VM: "stranger", VMID: "vm-1"}}, vanished.Ports...)
	plan = mirror.MakePlan(wanted(strange, sessions...))
	if len(plan.Changes) != 1 || plan.Changes[0].UID != "uid-s-15" || plan.Changes[0].Session.Enabled || plan.Changes[0].Operation != mirror.Edit || len(plan.Held) != 11 {
		t.Errorf("with a stranger: %+v, %d held", plan.Changes, len(plan.Held))
	}
	for i := range sessions {
		sessions[i].DeletedAt = noon
	}
	if plan := mirror.MakePlan(wanted(sw, sessions...)); len(plan.Changes) != 20 || len(plan.Held) > 0 {
		t.Errorf("deleted: %d changes, %d held", len(plan.Changes), len(plan.Held))
	}
}

// TestPassingFaultsRemoveNothing: what cannot be told right now is no reason to take a mirror down.
func TestPassingFaultsRemoveNothing(t *testing.T) {
	s := session("tagged", "", 7)
	s.Spec.Sources = []mirror.Source{{Selector: mirror.Selector{Tag: "pci"}}}
	sw := dvs0()
	sw.Tagged = true
	sw.Ports[0].Tags = []string{"pci"}
	sw = applied(t, sw, s)
	if len(sw.Sessions) != 1 || strings.Join(sw.Sessions[0].Ports(), " ") != "101" {
		t.Fatalf("by tag: %+v", sw.Sessions)
	}
	sw.Tagged = false
	if plan := mirror.MakePlan(wanted(sw, s)); len(plan.Changes) > 0 || plan.Sessions[0].Fault == nil {
		t.Errorf("tags unread: %+v, fault %v", plan.Changes, plan.Sessions[0].Fault)
	}
}

// TestFailure16LateApply: what shows up under the marker of a closed record goes, what no record ever knew stays.
func TestFailure16LateApply(t *testing.T) {
	gone, unknown := session("gone", "web-01", 7), session("unknown", "web-02", 8)
	sw := applied(t, dvs0(), gone, unknown)
	w := wanted(sw)
	w.Buried = map[string]bool{"uid-gone": true}
	plan := mirror.MakePlan(w)
	if len(plan.Changes) != 1 || plan.Changes[0].Operation != mirror.Remove || plan.Changes[0].UID != "uid-gone" || len(plan.Orphans) != 1 {
		t.Errorf("%+v, orphans %+v", plan.Changes, plan.Orphans)
	}
}
