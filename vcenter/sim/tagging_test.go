package sim_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// tagger is a client of the tagging service, over TLS, that has logged in if it could.
func tagger(t *testing.T, s *sim.Simulator, user, password string) (*tags.Manager, error) {
	t.Helper()
	c, err := connect(t, s, "user", "pass")
	if err != nil {
		t.Fatal(err)
	}
	client := rest.NewClient(c.Client)
	t.Cleanup(client.CloseIdleConnections)
	return tags.NewManager(client), client.Login(t.Context(), url.UserPassword(user, password))
}

// tagged are the ids of the objects that bear the only tag.
func tagged(t *testing.T, m *tags.Manager) (tag string, objects []string) {
	t.Helper()
	ids, err := m.ListTags(t.Context())
	if err != nil || len(ids) != 1 {
		t.Fatalf("tags %v, %v; want one", ids, err)
	}
	on, err := m.ListAttachedObjectsOnTags(t.Context(), ids)
	if err != nil || len(on) != 1 {
		t.Fatalf("objects %v, %v; want an entry", on, err)
	}
	for _, o := range on[0].ObjectIDs {
		objects = append(objects, o.Reference().Type+":"+o.Reference().Value)
	}
	return ids[0], objects
}

func TestTagVM(t *testing.T) {
	t.Parallel()
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.TagVM("web-01", "pci"); err != nil { // before it runs
		t.Fatal(err)
	}
	s.Close()

	s = start(t, sim.Options{Emit: sim.EmitOff})
	for range 2 {
		if err := s.TagVM("web-01", "pci"); err != nil {
			t.Fatal(err)
		}
	}
	m, err := tagger(t, s, "user", "pass")
	if err != nil {
		t.Fatal(err)
	}
	id, objects := tagged(t, m)
	if tag, err := m.GetTag(t.Context(), id); err != nil || tag.Name != "pci" || len(objects) != 1 {
		t.Errorf("got tag %+v (%v) on %v", tag, err, objects)
	}
	for range 2 {
		if err := s.UntagVM("web-01", "pci"); err != nil {
			t.Fatal(err)
		}
	}
	if _, objects := tagged(t, m); len(objects) != 0 {
		t.Errorf("after it was taken away it is on %v", objects)
	}
	for what, err := range map[string]error{
		"an unknown machine":      s.TagVM("nobody", "pci"),
		"an unknown machine, off": s.UntagVM("nobody", "pci"),
		"an unknown tag":          s.UntagVM("web-01", "pic"),
	} {
		if !errors.Is(err, sim.ErrNotFound) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

// The tagging service has the same users as the rest.
func TestTaggingLogins(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	if err := s.TagVM("web-01", "pci"); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range [][2]string{{"user", "wrong"}, {"nobody", "pass"}, {"", ""}} {
		m, err := tagger(t, s, wrong[0], wrong[1])
		if !rest.IsStatusError(err, http.StatusUnauthorized) {
			t.Errorf("%q with %q: got %v, want 401", wrong[0], wrong[1], err)
		}
		if _, err := m.ListTags(t.Context()); !rest.IsStatusError(err, http.StatusUnauthorized) {
			t.Errorf("without a login: got %v, want 401", err)
		}
	}
	reader, err := tagger(t, s, "reader", "pass")
	if err != nil {
		t.Fatal(err)
	}
	id, objects := tagged(t, reader)
	if len(objects) != 1 {
		t.Errorf("the reader sees it on %v", objects)
	}
	if err := reader.DeleteTag(t.Context(), &tags.Tag{ID: id}); !rest.IsStatusError(err, http.StatusForbidden) {
		t.Errorf("the reader deletes a tag: got %v, want 403", err)
	}
	if n := s.ExpireLogins(); n < 2 { // the reader's, and those of SOAP
		t.Errorf("%d logins ended", n)
	}
	if _, err := reader.ListTags(t.Context()); !rest.IsStatusError(err, http.StatusUnauthorized) {
		t.Errorf("after the login ended: got %v, want 401", err)
	}
	if err := s.UntagVM("web-01", "pci"); err != nil {
		t.Errorf("the simulator's own login ended too: %v", err)
	}
	if err := reader.Login(t.Context(), url.UserPassword("user", "pass")); err != nil {
		t.Error(err)
	}
	if err := reader.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := reader.ListTags(t.Context()); !rest.IsStatusError(err, http.StatusUnauthorized) {
		t.Errorf("after the logout: got %v, want 401", err)
	}
}
