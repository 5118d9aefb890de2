package api

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// planned is what a planner would answer for one good source and one that is missing.
func planned() Preview {
	session := mirror.VSPAN{
		Name: "web-01", Description: "vspan/1 o=here s=u g=1 x=0", Enabled: true, Type: mirror.L3Source, Encapsulation: mirror.ERSPAN2, ERSPANID: 5,
		Destinations: []netip.Addr{netip.MustParseAddr("10.2.1.110")}, FromVM: []string{"112"}, ToVM: []string{"112"}, Sampling: 1,
	}
	return Preview{
		Switch:  mirror.Switch{ID: mirror.SwitchID{VCenter: "default", UUID: "50 01"}, Name: "DVS0", ConfigVersion: "17"},
		Changes: []mirror.Change{{Operation: mirror.Add, UID: "u", Session: session, Why: "it is asked for"}},
		Planned: mirror.Planned{
			Accepted: true,
			Sources: []mirror.PlacedSource{
				{Source: mirror.Source{VM: "web-01"}, Port: mirror.Port{Key: "112", VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", Host: "esx-01", Portgroup: "prod", Connected: true}},
				{Source: mirror.Source{VM: "gone"}, Fault: mirror.Faultf(mirror.SourceGone, `VM "gone"`, "there is none")},
			},
			Warnings: []string{"whole frames grow by 36 bytes"},
		},
	}
}

func TestDryRun(t *testing.T) {
	f := newFixture(t)
	f.vcenter.preview = planned()
	d := decoded[wire.DryRun](f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1).want(200))
	want := wire.Plan{
		Switch: wire.SwitchRef{Name: "DVS0", UUID: "50 01", VCenter: "default", ConfigVersion: "17"},
		Operations: []wire.Operation{{Operation: "add", Why: "it is asked for", Session: wire.VSPANSession{
			Name: "web-01", Description: "vspan/1 o=here s=u g=1 x=0", Enabled: true, Type: mirror.L3Source, Encapsulation: "erspan2", ERSPANID: 5,
			Destinations: []string{"10.2.1.110"}, FromVM: []string{"112"}, ToVM: []string{"112"}, Sampling: 1,
		}}},
		Sources: []wire.PlannedSource{
			{Source: `VM "web-01"`, VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", PortKey: "112", Portgroup: "prod", Host: "esx-01", Direction: "both", Connected: true},
			{Source: `VM "gone"`, Direction: "both", Fault: &wire.Fault{Reason: "source_gone", Message: `VM "gone": there is none`}},
		},
		Warnings: []string{"whole frames grow by 36 bytes"},
	}
	if diff := cmp.Diff(want, d.Plan); diff != "" {
		t.Error(diff)
	}
	if d.Session.Name != "web-01" || d.Session.Revision != 0 || d.Session.Generation != 1 || f.vcenter.asked.Name != "web-01" {
		t.Errorf("got %+v, planned for %+v", d.Session, f.vcenter.asked)
	}
	f.call("GET", "/v1/sessions/web-01", "").want(404)
	f.call("POST", "/v1/sessions?dryRun=true", spec1, "Idempotency-Key", "k").want(200)
	if all, _, err := f.store.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("a dry run stored something: %v %v", all, err)
	}
}

func TestDryRunOfAChange(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	before := f.stored("web-01")
	f.vcenter.preview = planned()
	f.vcenter.preview.Planned.Fault = mirror.Faultf(mirror.DriftReported, "session", "somebody changed it")
	for _, method := range []string{"PUT", "PATCH"} {
		d := decoded[wire.DryRun](f.call(method, "/v1/sessions/web-01?dryRun=true", `{"spec":{"sources":[{"vm":"web-02"}]}}`).want(200))
		if f.vcenter.asked.UID != before.UID || f.vcenter.asked.Generation != 2 || f.vcenter.asked.Spec.Sources[0].VM != "web-02" {
			t.Errorf("%s: planned for %+v", method, f.vcenter.asked)
		}
		if n := len(d.Plan.Warnings); n != 2 || !strings.Contains(d.Plan.Warnings[1], "somebody changed it") {
			t.Errorf("%s: got warnings %q", method, d.Plan.Warnings)
		}
		f.call(method, "/v1/sessions/web-01?dryRun=true", spec1, "If-Match", `"9"`).problem(412, "precondition_failed", "")
	}
	if diff := cmp.Diff(before, f.stored("web-01"), comparers); diff != "" {
		t.Errorf("a dry run changed the session:\n%s", diff)
	}
	f.call("PATCH", "/v1/sessions/web-02?dryRun=true", `{}`).problem(404, "session_not_found", "")
}

func TestFaultsAreProblems(t *testing.T) {
	statuses := map[mirror.Reason]int{
		mirror.SourceGone: 422, mirror.SourceNotOnSwitch: 422, mirror.SwitchNotFound: 422, mirror.NotSupported: 422,
		mirror.IDConflict: 409, mirror.NoReceiver: 409, mirror.ConcurrentAccess: 409,
		mirror.VCenterUnreachable: 503, mirror.NotAuthenticated: 503, mirror.NoPermission: 503,
	}
	f := newFixture(t)
	for _, r := range mirror.Reasons() {
		f.vcenter.err = fmt.Errorf("plan: %w", mirror.Faultf(r, `VM "web-01"`, "why"))
		p := f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1).isProblem(faultStatus(r))
		if want, ok := statuses[r]; ok && p.Status != want {
			t.Errorf("%s: got %d, want %d", r, p.Status, want)
		}
		if p.Code != r.String() || p.Detail != `VM "web-01": why` {
			t.Errorf("got %+v", p)
		}
	}
	f.vcenter.err = nil
	f.vcenter.preview = Preview{Planned: mirror.Planned{Fault: mirror.Faultf(mirror.SourceGone, `VM "x"`, "there is none")}}
	f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1).problem(422, "source_gone", "")
	f.vcenter.err = errors.New("no fault at all")
	f.call("PUT", "/v1/sessions/web-01?dryRun=true", spec1).problem(503, "vcenter_fault", "")
	f.vcenter.err = fmt.Errorf("ask: %w", context.DeadlineExceeded)
	f.call("GET", "/v1/switches", "").problem(503, "timeout", "")
}
