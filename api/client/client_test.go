package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a server with its client.
type fixture struct {
	store   *store.Memory
	history *journal.Journal
	board   *store.Board
	ready   []api.Check
	client  *client.Client
}

// fakeVCenter is a Planner and an Inventory.
type fakeVCenter struct{ switches []mirror.Switch }

func (f fakeVCenter) Preview(context.Context, mirror.Session) (api.Preview, error) {
	return api.Preview{Switch: f.switches[0], Planned: mirror.Planned{Accepted: true}}, nil
}

func (f fakeVCenter) Switches(context.Context, string, bool) ([]mirror.Switch, error) {
	return f.switches, nil
}

func (f fakeVCenter) Refresh(context.Context, mirror.SwitchID) (mirror.Switch, error) {
	return f.switches[0], nil
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	history, err := journal.Open("", journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{store: store.NewMemory(), history: history, board: store.NewBoard()}
	vcenter := fakeVCenter{[]mirror.Switch{{
		ID: mirror.SwitchID{VCenter: "default", UUID: "50 01"}, Name: "DVS 0/a",
		Ports:    []mirror.Port{{Key: "112", VM: "web-01"}, {Key: "113", VM: "web-02"}},
		Sessions: []mirror.VSPAN{{Key: "14", Name: "theirs"}},
	}}}
	srv := httptest.NewServer(api.New(api.Options{
		Store: f.store, Board: f.board, History: f.history, Planner: vcenter, Inventory: vcenter, Version: "1.2.3",
		Ready:     func() []api.Check { return f.ready },
		Receivers: func() []api.Receiver { return []api.Receiver{{Name: "local"}} },
		Unclaimed: func() []api.Unclaimed { return []api.Unclaimed{{ERSPANID: 7}} },
	}))
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL+"/", srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	f.client = c
	return f
}

func mirroring(vm string) wire.SessionInput {
	return wire.SessionInput{Spec: wire.Spec{Sources: []wire.Source{{VM: vm}}}}
}

// problem checks that err is a problem of this status and code.
func problem(t *testing.T, err error, status int, code string) {
	t.Helper()
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Status != status || p.Code != code {
		t.Errorf("got %v, want a problem with %d %s", err, status, code)
	}
}

func TestSessionsLiveAndDie(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	c := f.client
	_, err := c.Session(ctx, "web-01")
	problem(t, err, 404, "session_not_found")
	s, created, err := c.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{Absent: true})
	if err != nil || !created || s.Spec.ExpiresIn != "1h" || !*s.Spec.Enabled {
		t.Fatalf("got %+v, %t, %v", s, created, err)
	}
	if _, created, err = c.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{Revision: s.Revision}); err != nil || created {
		t.Errorf("the second time: %t, %v", created, err)
	}
	_, _, err = c.Put(ctx, "web-01", mirroring("web-02"), client.Precondition{Revision: 9})
	problem(t, err, 412, "precondition_failed")
	if s, err = c.Disable(ctx, "web-01"); err != nil || *s.Spec.Enabled {
		t.Errorf("disabled: %+v, %v", s, err)
	}
	if s, err = c.Enable(ctx, "web-01"); err != nil || !*s.Spec.Enabled {
		t.Errorf("enabled: %+v, %v", s, err)
	}
	patch := map[string]any{"spec": map[string]any{"snapLength": 128}}
	if s, err = c.Patch(ctx, "web-01", patch, client.Precondition{Revision: s.Revision}); err != nil || s.Spec.SnapLength != 128 {
		t.Errorf("patched: %+v, %v", s, err)
	}
	if e, err := c.Evidence(ctx, "web-01"); err != nil || e.UID != s.UID {
		t.Errorf("evidence: %+v, %v", e, err)
	}
	if gone, err := c.Delete(ctx, "web-01", 0); err != nil || gone {
		t.Errorf("deleted: %t, %v", gone, err)
	}
	tombstone, err := c.Session(ctx, "web-01")
	if err != nil || tombstone.DeletedAt.IsZero() {
		t.Errorf("after the deletion: %+v, %v", tombstone, err)
	}
	go func() {
		if err := f.store.Remove(ctx, "web-01", tombstone.Revision); err != nil {
			t.Error(err)
		}
	}()
	if gone, err := c.Delete(ctx, "web-01", time.Minute); !gone && err != nil {
		problem(t, err, 404, "session_not_found") // it was gone before the request
	}
}

func TestWhatWasReadCanBeSentBack(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	s, _, err := f.client.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	again, created, err := f.client.Put(ctx, "web-01", wire.SessionInput{Spec: s.Spec, Labels: s.Labels}, client.Precondition{})
	if err != nil || created {
		t.Fatal(created, err)
	}
	if diff := cmp.Diff(s, again); diff != "" {
		t.Error(diff)
	}
}

func TestCreateUnderAKey(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	a, err := f.client.Create(ctx, mirroring("web-01"), "key")
	if err != nil {
		t.Fatal(err)
	}
	b, err := f.client.Create(ctx, mirroring("web-01"), "key")
	if err != nil || a.UID != b.UID {
		t.Errorf("got %q and %q, %v", a.UID, b.UID, err)
	}
	if c, err := f.client.Create(ctx, mirroring("web-01"), ""); err != nil || c.UID == a.UID {
		t.Errorf("without a key: %q, %v", c.UID, err)
	}
}

func TestEveryPageIsRead(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	const n = 2345
	for i := range n {
		s := mirror.Session{Name: fmt.Sprintf("s%04d", i), UID: fmt.Sprint(i), Labels: map[string]string{"even": fmt.Sprint(i%2 == 0)}}
		if _, err := f.store.Create(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	all, err := f.client.Sessions(ctx, client.Filter{})
	if err != nil || len(all) != n || all[n-1].Name != "s2344" {
		t.Errorf("got %d sessions, %v", len(all), err)
	}
	half, err := f.client.Sessions(ctx, client.Filter{Labels: map[string]string{"even": "true"}, States: []string{"pending", "lost"}})
	if err != nil || len(half) != (n+1)/2 {
		t.Errorf("got %d sessions, %v", len(half), err)
	}
	if none, err := f.client.Sessions(ctx, client.Filter{VM: "x"}); err != nil || none == nil || len(none) != 0 {
		t.Errorf("got %v, %v", none, err)
	}
}

func TestTheRestOfTheAPI(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	c := f.client
	if d, err := c.DryRun(ctx, "web-01", mirroring("web-01")); err != nil || d.Plan.Switch.Name != "DVS 0/a" {
		t.Errorf("dry run: %+v, %v", d, err)
	}
	if l, err := c.Switches(ctx, client.Look{VCenter: "default", Fresh: true}); err != nil || len(l) != 1 {
		t.Errorf("switches: %+v, %v", l, err)
	}
	if l, err := c.Ports(ctx, "DVS 0/a", "web-02", client.Look{}); err != nil || len(l) != 1 || l[0].PortKey != "113" {
		t.Errorf("ports: %+v, %v", l, err)
	}
	if l, err := c.ForeignSessions(ctx, "DVS 0/a", client.Look{}); err != nil || len(l) != 1 || l[0].Key != "14" {
		t.Errorf("foreign sessions: %+v, %v", l, err)
	}
	if l, err := c.Receivers(ctx); err != nil || len(l) != 1 || l[0].Name != "local" {
		t.Errorf("receivers: %+v, %v", l, err)
	}
	if l, err := c.Unclaimed(ctx); err != nil || len(l) != 1 || l[0].ERSPANID != 7 {
		t.Errorf("unclaimed: %+v, %v", l, err)
	}
	if h, err := c.Health(ctx); err != nil || h.Version != "1.2.3" {
		t.Errorf("health: %+v, %v", h, err)
	}
	if r, err := c.Ready(ctx); err != nil || r.Status != "ready" {
		t.Errorf("ready: %+v, %v", r, err)
	}
	f.ready = []api.Check{{Name: "vcenter", Message: "wrong password"}}
	_, err := c.Ready(ctx)
	problem(t, err, 503, "not_ready")
	if err == nil || !strings.Contains(err.Error(), "vcenter: wrong password") {
		t.Errorf("got %v", err)
	}
}

func TestNamesCannotClimb(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	for _, name := range []string{"", ".", ".."} {
		if _, err := f.client.Session(ctx, name); err == nil || !strings.Contains(err.Error(), "cannot stand in a URL") {
			t.Errorf("%q: got %v", name, err)
		}
	}
	for _, name := range []string{"../switches", "a/evidence", "a?dryRun=true", "a#b", "a%2fb", "a:enable", "a b", "ä"} {
		_, err := f.client.Session(ctx, name)
		problem(t, err, 404, "session_not_found")
	}
}

func TestAddresses(t *testing.T) {
	for base, want := range map[string]string{"127.0.0.1:8080": "http://127.0.0.1:8080", "https://h/base": "https://h/base", "localhost:1": "http://localhost:1"} {
		if c, err := client.New(base, nil); err != nil || c.String() != want {
			t.Errorf("%s: got %v, %v", base, c, err)
		}
	}
	for _, base := range []string{"", "ftp://h", "http://", "http://h?x=1", "http://h#x", "http://[::1", "unix:///x"} {
		if c, err := client.New(base, nil); err == nil {
			t.Errorf("%q: got %s", base, c)
		}
	}
}

func TestAnswersThatAreNotOurs(t *testing.T) {
	answer := func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>secret", http.StatusBadGateway) }
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
	defer srv.Close()
	c, err := client.New(srv.URL, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "502 Bad Gateway, and not by vspan") {
		t.Errorf("got %v", err)
	}
	answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }
	if _, err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), "understand the answer") {
		t.Errorf("got %v", err)
	}
	srv.Close()
	if _, err := c.Health(t.Context()); err == nil || !strings.Contains(err.Error(), srv.URL) {
		t.Errorf("the error does not name the server: %v", err)
	}
}
