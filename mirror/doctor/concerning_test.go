package doctor_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// A session is concerned by its own switch, its sources and the hosts it may run on, and by nothing else.
func TestConcerning(t *testing.T) {
	f := healthy()
	other := f.VCenters[0].Switches[0]
	other.ID, other.Name = mirror.SwitchID{VCenter: "lab", UUID: "60 2f"}, "DVS1"
	f.VCenters[0].Switches = append(f.VCenters[0].Switches, other)
	f.VCenters[0].Rights.Objects = append(f.VCenters[0].Rights.Objects, doctor.Right{Kind: doctor.VMKind, Name: "db-01", Lacks: []string{"System.Read"}})
	f.VCenters = append(f.VCenters, doctor.VCenter{Name: "far", Fault: "away"})
	s := f.Sessions[0]
	checks := doctor.Concerning(f, s)
	for _, c := range checks {
		if c.Status != doctor.OK && c.Code != doctor.ERSPANID {
			t.Errorf("%s of %s is %s: %s", c.Code, c.Subject, c.Status, c.Message)
		}
		if c.VCenter == "far" || slices.Contains(c.Subject.Names, "DVS1") || c.Subject.Kind == doctor.DaemonKind {
			t.Errorf("it does not concern the session: %+v", c)
		}
	}
	if c := worst(t, checks, doctor.ERSPANID); c.Status != doctor.Unknown {
		t.Errorf("far was not read, and may have a session of the same id: %+v", c)
	}
	s.Local = false
	if len(of(doctor.Concerning(f, s), doctor.ReceiverListening)) > 0 {
		t.Error("the receiver does not concern a session to somebody else's collector")
	}
}

// A host that cannot send is a failure where a source runs, and a warning where one might come to run.
func TestConcerningHosts(t *testing.T) {
	for i, want := range []doctor.Status{doctor.Failed, doctor.Warning} {
		f := healthy()
		f.VCenters[0].Network.Hosts[i].Adapters = nil
		c := worst(t, doctor.Concerning(f, f.Sessions[0]), doctor.VMKernel)
		if c.Status != want || (want == doctor.Warning) != strings.Contains(c.Message, "vMotion") {
			t.Errorf("host %d: %+v", i, c)
		}
	}
}

// A session that would take the place of the one of its name does not conflict with it.
func TestConcerningItself(t *testing.T) {
	f := healthy()
	again := f.Sessions[0]
	again.SnapLength = 64
	if c := worst(t, doctor.Concerning(f, again), doctor.ERSPANID); c.Status != doctor.OK {
		t.Errorf("%+v", c)
	}
	again.Name = "web-02"
	if c := worst(t, doctor.Concerning(f, again), doctor.ERSPANID); c.Status != doctor.Failed {
		t.Errorf("%+v", c)
	}
	if f.Sessions[0].Name != "web-01" {
		t.Error("the facts were changed")
	}
}

func TestPlannedAndStanding(t *testing.T) {
	s := mirror.Session{Name: "web-01", Spec: mirror.Spec{
		Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN3}, Destination: mirror.Destination{Receiver: mirror.LocalReceiver}, Netstack: "mirror", SnapLength: 96,
	}}
	s.ERSPANID = 4
	sources := []mirror.PlacedSource{{Port: mirror.Port{Key: "1"}}}
	to := []netip.Addr{ours}
	standing := doctor.Standing(s, mirror.Placement{Switch: dvs0, Sources: sources, Destinations: to, Local: true})
	planned := doctor.Planned(s, dvs0, mirror.Planned{Sources: sources, Want: mirror.VSPAN{Destinations: to, ERSPANID: 4}})
	for _, d := range []doctor.Session{standing, planned} {
		if d.Name != "web-01" || d.Switch != dvs0 || d.ERSPANID != 4 || !d.Local || d.Netstack != "mirror" || d.SnapLength != 96 ||
			d.Encapsulation != mirror.ERSPAN3 || len(d.Sources) != 1 || !slices.Equal(d.Destinations, to) {
			t.Errorf("%+v", d)
		}
	}
	if doctor.Standing(s, mirror.Placement{Local: true, Elsewhere: true}).Local {
		t.Error("another daemon receives it")
	}
}

func TestOn(t *testing.T) {
	f := healthy()
	sw := f.VCenters[0].Switches[0]
	sw.Name = "renamed"
	if got := f.On(sw).VCenters[0].Switches; len(got) != 1 || got[0].Name != "renamed" || f.VCenters[0].Switches[0].Name != "DVS0" {
		t.Errorf("%+v", got)
	}
	sw.ID.UUID = "new"
	if got := f.On(sw).VCenters[0].Switches; len(got) != 2 {
		t.Errorf("%+v", got)
	}
}

// What is to be said alike of many is said once.
func TestAlikeIsSaidOnce(t *testing.T) {
	f := healthy()
	for i := range 40 {
		id := string(rune('a'+i%26)) + string(rune('0'+i/26))
		f.VCenters[0].Switches[0].Hosts = append(f.VCenters[0].Switches[0].Hosts, mirror.Host{ID: id, Name: "esx-" + id, Connected: true})
		h := aHost(id, "10.0.0.20/24")
		h.Adapters[0].MTU = 1500
		f.VCenters[0].Network.Hosts = append(f.VCenters[0].Network.Hosts, h)
	}
	mtu := of(doctor.Examine(f), doctor.MTU)
	if len(mtu) != 2 || len(mtu[0].Subject.Names) != 40 || mtu[0].Status != doctor.Warning || !strings.HasSuffix(mtu[0].Subject.String(), "and 36 more") {
		t.Errorf("%+v", mtu)
	}
}
