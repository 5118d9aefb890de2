package api

import (
	"context"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// fakeFacts is what was read, by whoever can.
type fakeFacts struct {
	facts doctor.Facts
	fresh bool // in the last call
}

func (f *fakeFacts) Facts(_ context.Context, fresh bool) doctor.Facts {
	f.fresh = fresh
	return f.facts
}

// aVCenter has the switch of planned.
func aVCenter() doctor.VCenter {
	return doctor.VCenter{Name: "default", ReadAt: begin, APIVersion: "6.0.0.0", Switches: []mirror.Switch{
		{ID: mirror.SwitchID{VCenter: "default", UUID: "50 01"}, Name: "DVS0"},
		{ID: mirror.SwitchID{VCenter: "default", UUID: "50 02"}, Name: "DVS1"},
	}}
}

func withFacts(facts doctor.Facts) (*fakeFacts, func(*Options)) {
	f := &fakeFacts{facts: facts}
	return f, func(o *Options) { o.Facts = f }
}

// checkOf returns the checks of a code.
func checkOf(items []wire.DoctorCheck, code doctor.Code) []wire.DoctorCheck {
	return slices.DeleteFunc(slices.Clone(items), func(c wire.DoctorCheck) bool { return c.Code != code.String() })
}

func TestDoctor(t *testing.T) {
	facts, option := withFacts(doctor.Facts{Now: begin, VCenters: []doctor.VCenter{aVCenter()}})
	f := newFixture(t, option)
	d := decoded[wire.Doctor](f.call("GET", "/v1/doctor", "").want(200))
	if d.Status != "failed" || !d.ReadAt.Equal(begin) || facts.fresh || d.Items[0].Status != "failed" || d.Items[0].Remedy == "" {
		t.Errorf("%+v", d)
	}
	old := checkOf(d.Items, doctor.VCenterVersion)
	if len(old) != 1 || old[0].Status != "failed" || old[0].VCenter != "default" || old[0].Subject.Kind != "vcenter" || old[0].Subject.Names[0] != "default" {
		t.Errorf("%+v", old)
	}
	f.call("GET", "/v1/doctor?fresh=true", "").want(200)
	if !facts.fresh {
		t.Error("it was not read anew")
	}
}

func TestDoctorOfASession(t *testing.T) {
	_, option := withFacts(doctor.Facts{Now: begin, VCenters: []doctor.VCenter{aVCenter()}})
	f := newFixture(t, option)
	f.call("GET", "/v1/doctor?session=web-01", "").problem(404, "session_not_found", "")
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	s := f.stored("web-01")
	f.board.Place(s.UID, mirror.Placement{Switch: mirror.SwitchID{VCenter: "default", UUID: "50 01"}, Destinations: []netip.Addr{netip.MustParseAddr("10.2.1.110")}}, begin)
	d := decoded[wire.Doctor](f.call("GET", "/v1/doctor?session=web-01", "").want(200))
	for _, c := range d.Items {
		if slices.Contains(c.Subject.Names, "DVS1") || c.Subject.Kind == "daemon" {
			t.Errorf("it does not concern the session: %+v", c)
		}
	}
	if len(checkOf(d.Items, doctor.CapabilityL3)) != 1 || len(checkOf(d.Items, doctor.ERSPANID)) != 1 {
		t.Errorf("%+v", d.Items)
	}
}

// A dry run shows what concerns the session, with the switch as the plan found it, and loses no warning.
func TestDryRunChecks(t *testing.T) {
	vc := aVCenter()
	vc.Switches = nil // the plan has read it, the facts have not
	facts, option := withFacts(doctor.Facts{Now: begin, VCenters: []doctor.VCenter{vc}})
	f := newFixture(t, option)
	f.vcenter.preview = planned()
	f.vcenter.preview.Switch.Capabilities.L3Source = mirror.Supported
	d := decoded[wire.DryRun](f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1).want(200))
	l3 := checkOf(d.Checks, doctor.CapabilityL3)
	if len(l3) != 1 || l3[0].Status != "ok" || len(d.Plan.Warnings) != 1 || facts.fresh {
		t.Errorf("%+v, warnings %q", l3, d.Plan.Warnings)
	}
	placed := checkOf(d.Checks, doctor.SourcePlaced)
	if len(placed) != 1 || placed[0].Status != "warning" || !strings.Contains(placed[0].Message, `VM "gone"`) {
		t.Errorf("%+v", placed)
	}
	if id := checkOf(d.Checks, doctor.ERSPANID); len(id) != 1 {
		t.Errorf("%+v", id)
	}
}

// What nobody looks at is not in order.
func TestDoctorWithoutFacts(t *testing.T) {
	f := newFixture(t)
	d := decoded[wire.Doctor](f.call("GET", "/v1/doctor", "").want(200))
	for _, c := range d.Items {
		if c.Status != "unknown" {
			t.Errorf("%+v", c)
		}
	}
	if d.Status != "unknown" || len(d.Items) == 0 {
		t.Errorf("%+v", d)
	}
}

// The document names each code, status and kind there is.
func TestDoctorEnumerations(t *testing.T) {
	for _, c := range []struct {
		of    reflect.Type
		field string
		want  []string
	}{
		{reflect.TypeFor[wire.DoctorCheck](), "Code", spelt(doctor.Codes())},
		{reflect.TypeFor[wire.DoctorCheck](), "Status", spelt(doctor.Statuses())},
		{reflect.TypeFor[wire.Doctor](), "Status", spelt(doctor.Statuses())},
		{reflect.TypeFor[wire.DoctorSubject](), "Kind", spelt(doctor.Kinds())},
	} {
		field, _ := c.of.FieldByName(c.field)
		got := strings.Split(field.Tag.Get("enum"), ",")
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s.%s: %q, want %q", c.of, c.field, got, c.want)
		}
	}
}

func spelt[T interface{ String() string }](values []T) []string {
	var list []string
	for _, v := range values {
		list = append(list, v.String())
	}
	return list
}
