package api

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// fakeOrphanage has the orphans it is told to have, and records what is asked of them in the store, as a reconciler would.
type fakeOrphanage struct {
	store store.Store
	found []mirror.Orphan
	err   error
}

func (f *fakeOrphanage) Orphans() []mirror.Orphan { return f.found }

func (f *fakeOrphanage) Adopt(ctx context.Context, uid string) (mirror.Session, []string, error) {
	if f.err != nil {
		return mirror.Session{}, nil, f.err
	}
	s, err := f.store.Create(ctx, mirror.Session{Name: "adopted", UID: uid, Generation: 3, Spec: mirror.Spec{Sources: []mirror.Source{{VM: "web-01"}}, Sampling: 1, Life: mirror.Life{Never: true}}})
	return s, []string{"113"}, err
}

func (f *fakeOrphanage) RemoveOrphan(ctx context.Context, uid string) error {
	if f.err != nil {
		return f.err
	}
	_, err := f.store.Create(ctx, mirror.Session{Name: mirror.NameForOrphan(uid), UID: uid, Generation: 1, DeletedAt: begin})
	return err
}

// withOrphans is a server with one orphan of this installation on DVS0 and three sessions of others.
func withOrphans(t *testing.T) (*fixture, *fakeOrphanage) {
	t.Helper()
	orphanage := &fakeOrphanage{}
	f := newFixture(t, func(o *Options) { o.Orphans = orphanage; orphanage.store = o.Store })
	marked := func(key, owner, uid string) mirror.VSPAN {
		return mirror.VSPAN{Key: key, Name: "web", Type: mirror.L3Source, Description: mirror.Marker{Owner: owner, UID: uid, Generation: 2, Expiry: begin.Add(time.Hour)}.String()}
	}
	orphan := marked("13", "here", "u1")
	orphan.Enabled, orphan.Encapsulation, orphan.ERSPANID = true, mirror.ERSPAN2, 9
	orphan.Destinations, orphan.FromVM, orphan.ToVM = []netip.Addr{netip.MustParseAddr("10.2.1.110")}, []string{"112", "114"}, []string{"113", "112"}
	sw := mirror.Switch{
		ID: mirror.SwitchID{VCenter: "a", UUID: "50 01"}, Name: "DVS0",
		Ports: []mirror.Port{
			{Key: "112", Connectee: mirror.VMNIC, VM: "payroll", NIC: "Network adapter 1"}, {Key: "114", Connectee: mirror.VMKernel},
		},
		Sessions: []mirror.VSPAN{orphan, marked("20", "lost-installation", "u2"), marked("21", "lost-installation", "u3"), marked("22", "there", "u4"), {Key: "23", Name: "theirs"}},
	}
	f.vcenter.switches = []mirror.Switch{sw}
	m, _ := orphan.Marker()
	orphanage.found = []mirror.Orphan{{Switch: sw.ID, SwitchName: sw.Name, Session: orphan, Marker: m}}
	return f, orphanage
}

func TestOrphansAreShownWithWhoHasTheirPortsNow(t *testing.T) {
	f, _ := withOrphans(t)
	got := decoded[wire.OrphanList](f.call("GET", "/v1/orphans", "").want(200))
	want := wire.OrphanList{
		Items: []wire.Orphan{{
			Owner: "here", UID: "u1", Name: "web", Switch: "DVS0", VCenter: "a", Key: "13", Generation: 2, ExpiresAt: begin.Add(time.Hour), Enabled: true,
			Encapsulation: "erspan2", ERSPANID: 9, Destinations: []string{"10.2.1.110"},
			Sources: []wire.OrphanSource{
				{PortKey: "112", VM: "payroll", NIC: "Network adapter 1", Connectee: "vmVnic", Direction: "both"},
				{PortKey: "113", Connectee: "none", Direction: "to-vm"},
				{PortKey: "114", Connectee: "hostVmkVnic", Direction: "from-vm"},
			},
		}},
		Others: []wire.OtherInstallation{
			{Owner: "lost-installation", Switch: "DVS0", VCenter: "a", Sessions: 2}, {Owner: "there", Switch: "DVS0", VCenter: "a", Sessions: 1},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Who lost his data directory sees what his old installation left, and can touch none of it.
func TestSessionsOfOtherInstallationsAreOnlyShown(t *testing.T) {
	f, _ := withOrphans(t)
	var got []string
	for token := ""; ; {
		page := decoded[wire.OrphanList](f.call("GET", "/v1/orphans?owner=other&pageSize=2"+token, "").want(200))
		for _, o := range page.Items {
			got = append(got, o.Owner+"/"+o.UID)
		}
		if token = "&pageToken=" + page.NextPageToken; page.NextPageToken == "" {
			break
		}
	}
	if diff := cmp.Diff([]string{"lost-installation/u2", "lost-installation/u3", "there/u4"}, got); diff != "" {
		t.Error(diff)
	}
	f.call("POST", "/v1/orphans/u2:adopt", "").problem(404, "orphan_not_found", "")
	f.call("POST", "/v1/orphans/u2:remove", "").problem(404, "orphan_not_found", "")
	f.call("GET", "/v1/orphans?owner=me", "").problem(422, "invalid", "query.owner")
}

func TestAnOrphanIsAdopted(t *testing.T) {
	f, _ := withOrphans(t)
	a := f.call("POST", "/v1/orphans/u1:adopt", "").want(201)
	got := decoded[wire.Adoption](a)
	if a.header.Get("Location") != "/v1/sessions/adopted" || a.header.Get("ETag") != `"1"` || got.Session.UID != "u1" || len(got.LeftPorts) != 1 || got.LeftPorts[0] != "113" {
		t.Errorf("got %v %s", a.header, a.body)
	}
	f.call("GET", "/v1/sessions/adopted", "").want(200)
	// The switch was not looked at since, and still it is none.
	if list := decoded[wire.OrphanList](f.call("GET", "/v1/orphans", "").want(200)); len(list.Items) != 0 {
		t.Errorf("got %+v", list.Items)
	}
	f.call("POST", "/v1/orphans/u1:adopt", "").problem(404, "orphan_not_found", "")
	f.call("POST", "/v1/orphans/u1:remove", "").problem(404, "orphan_not_found", "")
}

func TestAnOrphanIsRemoved(t *testing.T) {
	f, _ := withOrphans(t)
	for range 2 { // again changes nothing
		a := f.call("POST", "/v1/orphans/u1:remove", "").want(202)
		if a.header.Get("Location") != "/v1/sessions/orphan-u1" || len(a.body) != 0 {
			t.Errorf("got %v %s", a.header, a.body)
		}
	}
	if !f.stored("orphan-u1").Deleting() {
		t.Error("the session that stands for it is not being removed")
	}
	f.call("POST", "/v1/orphans/u1:adopt", "").problem(404, "orphan_not_found", "")
}

func TestWhyAnOrphanIsLeft(t *testing.T) {
	f, orphanage := withOrphans(t)
	for _, test := range []struct {
		err    error
		status int
		code   string
	}{
		{fmt.Errorf("adopt: %w", mirror.Faultf(mirror.SourceGone, "session 13", "none of its ports has a VM any more: remove it")), 422, "source_gone"},
		{mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "no answer"), 503, "vcenter_unreachable"},
		{mirror.Faultf(mirror.NotWriter, `switch "DVS0"`, "is not this daemon's to change"), 503, "not_writer"},
		{fmt.Errorf("record the orphan: %w", store.ErrFull), 507, "store_full"},
		{fmt.Errorf("record the orphan: %w", store.ErrExists), 409, "session_exists"},
		{fmt.Errorf("record the orphan: %w", store.ErrDamaged), 409, "session_exists"},
		{context.DeadlineExceeded, 503, "timeout"},
		{errors.New("broken"), 503, "store_unavailable"},
	} {
		orphanage.err = test.err
		for _, verb := range []string{"adopt", "remove"} {
			a := f.call("POST", "/v1/orphans/u1:"+verb, "")
			a.problem(test.status, test.code, "")
			if strings.Contains(string(a.body), "broken") || a.header.Get("Retry-After") != "" {
				t.Errorf("%v: got %v %s", test.err, a.header, a.body)
			}
		}
	}
	f.vcenter.err = mirror.Faultf(mirror.VCenterUnreachable, `vCenter "a"`, "no answer")
	f.call("GET", "/v1/orphans", "").problem(503, "vcenter_unreachable", "")
}

func TestADaemonWithoutAnOrphanage(t *testing.T) {
	f := newFixture(t)
	if list := decoded[wire.OrphanList](f.call("GET", "/v1/orphans", "").want(200)); len(list.Items) != 0 || list.Others == nil {
		t.Errorf("got %+v", list)
	}
	f.call("POST", "/v1/orphans/u1:adopt", "").problem(404, "orphan_not_found", "")
	f.call("POST", "/v1/orphans/u1:remove", "").problem(404, "orphan_not_found", "")
	f.call("POST", "/v1/orphans/u1:keep", "").problem(404, "not_found", "")
}
