package mirror_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror"
)

var addresses = cmpopts.EquateComparable(netip.Addr{})

// operations is a plan in short: "add web-01", "edit web-01 (12)".
func operations(p mirror.Plan) []string {
	var list []string
	for _, c := range p.Changes {
		op := fmt.Sprint(c.Operation, " ", c.Session.Name)
		if c.Operation != mirror.Add {
			op += " (" + c.Session.Key + ")"
		}
		list = append(list, op)
	}
	return list
}

func TestPlanAdds(t *testing.T) {
	s := session("web-01", "db-01", 7)
	s.Spec.SnapLength, s.Spec.Encapsulation.COS, s.Spec.Netstack = 128, 3, "mirror"
	plan := mirror.MakePlan(wanted(dvs0(), s))
	want := []mirror.Change{{Operation: mirror.Add, UID: "uid-web-01", Why: "it is asked for and does not stand on the switch", Session: mirror.VSPAN{
		Name: "web-01", Description: "vspan/1 o=here s=uid-web-01 g=1 x=1772370000", Enabled: true, Type: mirror.L3Source,
		Encapsulation: mirror.ERSPAN2, ERSPANID: 7, COS: 3, Destinations: []netip.Addr{receiver},
		FromVM: []string{"103", "104"}, ToVM: []string{"103", "104"}, SnapLength: 128, Sampling: 1, Netstack: "mirror",
	}}}
	if d := cmp.Diff(want, plan.Changes, addresses); d != "" {
		t.Error(d)
	}
	p := plan.Sessions[0]
	if !p.Accepted || p.Fault != nil || p.Have != nil || p.Settled {
		t.Errorf("%+v", p)
	}
}

func TestPlanSettles(t *testing.T) {
	s := session("web-01", "web-01", 7)
	plan := mirror.MakePlan(wanted(applied(t, dvs0(), s), s))
	if p := plan.Sessions[0]; len(plan.Changes) > 0 || !p.Settled || p.Have == nil || p.Have.Key != "1000" {
		t.Errorf("%v %+v", operations(plan), p)
	}
}

func TestPlanChangesWhatStands(t *testing.T) {
	base := session("web-01", "db-01", 7)
	base.Spec.SnapLength, base.Spec.Encapsulation.COS, base.Spec.Netstack = 128, 3, "mirror"
	const edit, anew, nothing, gone = "edit web-01 (1000)", "remove web-01 (1000), add web-01", "", "remove web-01 (1000)"
	for _, c := range []struct {
		name   string
		change func(*mirror.Session)
		want   string
	}{
		{"nothing", func(*mirror.Session) {}, nothing},
		{"labels", func(s *mirror.Session) { s.Labels = map[string]string{"a": "b"} }, nothing},
		{"disabled", func(s *mirror.Session) { s.Spec.Enabled = false }, edit},
		{"another VM", func(s *mirror.Session) { s.Spec.Sources[0].VM = "web-02" }, edit},
		{"shorter", func(s *mirror.Session) { s.Spec.SnapLength = 64 }, edit},
		{"a longer life", func(s *mirror.Session) { s.ExpiresAt = noon.Add(9 * time.Hour) }, edit},
		{"another id", func(s *mirror.Session) { s.ERSPANID = 8 }, edit},
		{"another collector", func(s *mirror.Session) {
			s.Spec.Destination = mirror.Destination{Addresses: []netip.Addr{netip.MustParseAddr("::ffff:10.9.9.9")}}
		}, edit},
		{"whole frames", func(s *mirror.Session) { s.Spec.SnapLength = 0 }, anew},
		{"class of service 0", func(s *mirror.Session) { s.Spec.Encapsulation.COS = 0 }, anew},
		{"the default netstack", func(s *mirror.Session) { s.Spec.Netstack = "" }, anew},
		{"one direction", func(s *mirror.Session) { s.Spec.Sources[0].Direction = mirror.ToVM }, anew},
		{"no ERSPAN", func(s *mirror.Session) { s.Spec.Encapsulation = mirror.Encapsulation{} }, anew},
		{"deleted", func(s *mirror.Session) { s.DeletedAt = noon }, gone},
		{"over", func(s *mirror.Session) { s.ExpiresAt = noon }, gone},
		{"its VM is gone", func(s *mirror.Session) { s.Spec.Sources[0].VM = "none" }, gone},
	} {
		t.Run(c.name, func(t *testing.T) {
			sw := applied(t, dvs0(), base)
			s := with(base, func(s *mirror.Session) { s.Generation++; c.change(s) })
			if c.want == nothing {
				s.Generation--
			}
			plan := mirror.MakePlan(wanted(sw, s))
			if got := strings.Join(operations(plan), ", "); got != c.want {
				t.Fatalf("plan %q, want %q", got, c.want)
			}
			again := mirror.MakePlan(wanted(carryOut(t, sw, plan.Changes), s))
			if len(again.Changes) > 0 {
				t.Errorf("not settled: %v", again.Changes)
			}
		})
	}
}

func TestPlanReplacesWhatAnEditDidNotBring(t *testing.T) {
	s := session("web-01", "web-01", 7)
	sw := applied(t, dvs0(), s)
	w := wanted(sw, with(s, func(s *mirror.Session) { s.Spec.Enabled = false }))
	w.Replace = map[string]bool{s.UID: true}
	plan := mirror.MakePlan(w)
	if want := []string{"remove web-01 (1000)", "add web-01"}; !slices.Equal(operations(plan), want) {
		t.Errorf("%v, want %v", operations(plan), want)
	}
}

func TestPlanReplacesWhatBearsUnknownSettings(t *testing.T) {
	s := session("web-01", "web-01", 7)
	sw := applied(t, dvs0(), s)
	sw.Sessions[0].Other = "encapsulationVlanId=7"
	plan := mirror.MakePlan(wanted(sw, s))
	if want := []string{"remove web-01 (1000)", "add web-01"}; !slices.Equal(operations(plan), want) {
		t.Errorf("%v, want %v", operations(plan), want)
	}
}

func TestPlanKeepsOneOfTwo(t *testing.T) {
	s := session("web-01", "web-01", 7)
	sw := applied(t, dvs0(), s)
	drifted := sw.Sessions[0]
	drifted.Key, drifted.Enabled = "900", false
	sw.Sessions = []mirror.VSPAN{drifted, sw.Sessions[0], drifted}
	sw.Sessions[2].Key = "901"
	plan := mirror.MakePlan(wanted(sw, s))
	if want := []string{"remove web-01 (900)", "remove web-01 (901)"}; !slices.Equal(operations(plan), want) {
		t.Errorf("%v, want %v: the one that is as wanted is kept", operations(plan), want)
	}
	if plan.Sessions[0].Settled {
		t.Error("settled while another session bears its marker")
	}
}

func TestPlanNeverTouchesForeignSessions(t *testing.T) {
	s := session("web-01", "web-01", 7)
	ours := mirror.MakePlan(wanted(dvs0(), s)).Changes[0].Session
	other := ours
	other.Key, other.Description = "1", strings.Replace(ours.Description, "o=here", "o=there", 1)
	nobody := ours
	nobody.Key, nobody.Description = "2", "made by hand"
	newer := ours
	newer.Key, newer.Description = "3", strings.Replace(ours.Description, "vspan/1", "vspan/2", 1)
	odd := ours
	odd.Key, odd.Type = "4", "dvPortMirror"
	sw := dvs0()
	sw.Sessions = []mirror.VSPAN{other, nobody, newer, odd}
	w := wanted(sw, with(s, func(s *mirror.Session) { s.DeletedAt = noon }))
	w.Elsewhere = map[string]string{s.UID: "moved"}
	if plan := mirror.MakePlan(w); len(plan.Changes) > 0 || len(plan.Orphans) > 0 {
		t.Errorf("%v, orphans %v", plan.Changes, plan.Orphans)
	}
}

func TestPlanOrphans(t *testing.T) {
	kept, late := session("kept", "web-01", 1), session("late", "web-02", 2)
	late.ExpiresAt = noon.Add(time.Second)
	forever := with(session("forever", "db-01", 3), func(s *mirror.Session) { s.ExpiresAt = time.Time{} })
	sw := applied(t, dvs0(), kept, late, forever)
	w := wanted(sw)
	if plan := mirror.MakePlan(w); len(plan.Changes) > 0 || len(plan.Orphans) != 3 {
		t.Fatalf("before their time: %v, orphans %d", operations(plan), len(plan.Orphans))
	}
	w.Now = noon.Add(time.Second)
	plan := mirror.MakePlan(w)
	if want := []string{"remove late (1001)"}; !slices.Equal(operations(plan), want) || len(plan.Orphans) != 2 {
		t.Errorf("%v, orphans %d; want %v and 2", operations(plan), len(plan.Orphans), want)
	}
}

func TestPlanRemovesWhatBelongsElsewhere(t *testing.T) {
	s := session("web-01", "web-01", 7)
	w := wanted(applied(t, dvs0(), s))
	w.Others, w.Elsewhere = []mirror.Session{s}, map[string]string{s.UID: "it belongs to another switch now"}
	plan := mirror.MakePlan(w)
	if want := []string{"remove web-01 (1000)"}; !slices.Equal(operations(plan), want) || plan.Changes[0].Why != w.Elsewhere[s.UID] {
		t.Errorf("%v (%s), want %v", operations(plan), plan.Changes[0].Why, want)
	}
}

func TestPlanRemovesFirst(t *testing.T) {
	old, s := session("old", "web-01", 7), session("new", "web-02", 8)
	sw := applied(t, dvs0(), old)
	plan := mirror.MakePlan(wanted(sw, s, with(old, func(s *mirror.Session) { s.DeletedAt = noon })))
	if want := []string{"remove old (1000)", "add new"}; !slices.Equal(operations(plan), want) {
		t.Errorf("%v, want %v", operations(plan), want)
	}
}

func TestPlanSaysThatTimeIsUp(t *testing.T) {
	s := with(session("web-01", "web-01", 7), func(s *mirror.Session) { s.ExpiresAt = noon })
	p := mirror.MakePlan(wanted(dvs0(), s)).Sessions[0]
	if p.Fault == nil || p.Fault.Reason != mirror.LifeOver || !p.Settled || !p.Accepted {
		t.Errorf("%+v", p)
	}
}

func TestPlanKeepsANote(t *testing.T) {
	s := session("web-01", "web-01", 7)
	sw := applied(t, dvs0(), s)
	sw.Sessions[0].Description += "  for INC-42, do not touch"
	if plan := mirror.MakePlan(wanted(sw, s)); len(plan.Changes) != 1 || !strings.HasSuffix(plan.Changes[0].Session.Description, "x=1772370000 for INC-42, do not touch") {
		t.Fatalf("%+v", plan.Changes)
	}
	s.Generation++
	sw = applied(t, sw, s)
	if got, want := sw.Sessions[0].Description, "vspan/1 o=here s=uid-web-01 g=2 x=1772370000 for INC-42, do not touch"; got != want {
		t.Errorf("description %q, want %q", got, want)
	}
	if plan := mirror.MakePlan(wanted(sw, s)); len(plan.Changes) > 0 {
		t.Errorf("not settled: %+v", plan.Changes)
	}
}

func TestDestinations(t *testing.T) {
	mapped, other := netip.MustParseAddr("::ffff:10.9.9.9"), netip.MustParseAddr("2001:db8::1")
	local := mirror.Spec{Destination: mirror.Destination{Receiver: mirror.LocalReceiver}}
	theirs := mirror.Spec{Destination: mirror.Destination{Addresses: []netip.Addr{mapped, other}}}
	for _, c := range []struct {
		spec      mirror.Spec
		receivers []netip.Addr
		want      []netip.Addr
	}{
		{local, nil, nil},
		{local, []netip.Addr{receiver, other}, []netip.Addr{receiver}},
		{local, []netip.Addr{mapped}, []netip.Addr{netip.MustParseAddr("10.9.9.9")}},
		{theirs, []netip.Addr{receiver}, []netip.Addr{netip.MustParseAddr("10.9.9.9"), other}},
	} {
		if got := (mirror.Session{Spec: c.spec}).Destinations(c.receivers); !slices.Equal(got, c.want) {
			t.Errorf("%v with receivers %v: %v, want %v", c.spec.Destination, c.receivers, got, c.want)
		}
	}
}

func TestPlanDoesNotCareForTheOrderOfDestinations(t *testing.T) {
	s := session("web-01", "web-01", 7)
	s.Spec.Destination = mirror.Destination{Addresses: []netip.Addr{netip.MustParseAddr("10.9.9.9"), netip.MustParseAddr("10.1.1.1")}}
	sw := applied(t, dvs0(), s)
	slices.Reverse(sw.Sessions[0].Destinations)
	if plan := mirror.MakePlan(wanted(sw, s)); len(plan.Changes) > 0 {
		t.Errorf("%+v", plan.Changes)
	}
}
