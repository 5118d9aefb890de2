package client_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// left is an Orphanage, a Brake and a Cluster.
type left struct {
	orphans []mirror.Orphan
	held    []mirror.Hold
	asked   []string
}

func (l *left) Orphans() []mirror.Orphan { return l.orphans }

func (l *left) Adopt(_ context.Context, uid string) (mirror.Session, []string, error) {
	l.asked = append(l.asked, "adopt "+uid)
	return mirror.Session{Name: "web-01", UID: uid}, []string{"113"}, nil
}

func (l *left) RemoveOrphan(_ context.Context, uid string) error {
	l.asked = append(l.asked, "remove "+uid)
	return nil
}

func (l *left) Held() []mirror.Hold { return l.held }

func (l *left) Release(name string) (int, error) {
	l.asked = append(l.asked, "release "+name)
	return 1, nil
}

func (l *left) Members(context.Context) ([]api.Member, error) {
	return []api.Member{{ID: "1", Name: "one"}}, nil
}

func (l *left) Add(_ context.Context, name string, _ []string) (api.Joining, error) {
	return api.Joining{Token: "t", InitialCluster: name}, nil
}

func (l *left) Remove(_ context.Context, name string) error {
	l.asked = append(l.asked, "take out "+name)
	return nil
}

func TestWhatIsLeftOnTheSwitches(t *testing.T) {
	id := mirror.SwitchID{VCenter: "default", UUID: "50 01"}
	m := mirror.Marker{Owner: "here", UID: "u:1/2"} // a marker is anybody's to write
	stranger := mirror.VSPAN{Key: "9", Type: mirror.L3Source, Description: mirror.Marker{Owner: "there", UID: "u9"}.String()}
	l := &left{
		orphans: []mirror.Orphan{{Switch: id, SwitchName: "DVS 0/a", Marker: m, Session: mirror.VSPAN{Key: "7"}}},
		held:    []mirror.Hold{{Switch: id, Changes: []mirror.Change{{Operation: mirror.Remove, Why: "it is gone"}}}},
	}
	vcenter := fakeVCenter{[]mirror.Switch{{ID: id, Name: "DVS 0/a", Sessions: []mirror.VSPAN{stranger}}}}
	srv := httptest.NewServer(api.New(api.Options{
		Store: store.NewMemory(), Board: store.NewBoard(), Planner: vcenter, Inventory: vcenter, Owner: "here", Orphans: l, Brake: l, Cluster: l,
	}))
	t.Cleanup(srv.Close)
	c, err := client.New(srv.URL, srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	check := func(what string, ok bool, err error) {
		t.Helper()
		if err != nil || !ok {
			t.Errorf("%s: %v, %v", what, ok, err)
		}
	}
	found, others, err := c.Orphans(ctx)
	check("orphans", len(found) == 1 && found[0].UID == m.UID && len(others) == 1 && others[0].Sessions == 1, err)
	theirs, _, err := c.OthersSessions(ctx)
	check("others' sessions", len(theirs) == 1 && theirs[0].Owner == "there", err)
	adopted, err := c.Adopt(ctx, m.UID)
	check("adopt", adopted.Session.Name == "web-01" && slices.Equal(adopted.LeftPorts, []string{"113"}), err)
	check("remove", true, c.RemoveOrphan(ctx, m.UID))
	held, err := c.Held(ctx, "DVS 0/a", client.Look{})
	check("held", len(held) == 1 && held[0].Why == "it is gone", err)
	n, err := c.Release(ctx, "DVS 0/a", "default")
	check("release", n == 1, err)
	members, err := c.Members(ctx)
	check("members", len(members) == 1 && members[0].Name == "one", err)
	joining, err := c.AddMember(ctx, wire.MemberInput{Name: "two", PeerURLs: []string{"http://10.0.0.2:2380"}})
	check("add a member", joining.Token == "t" && joining.InitialCluster == "two", err)
	check("remove a member", true, c.RemoveMember(ctx, "two"))
	damaged, err := c.Damaged(ctx)
	check("damaged", len(damaged) == 0, err)
	problem(t, c.Discard(ctx, "web-01"), 404, "session_not_found")
	if want := []string{"adopt " + m.UID, "remove " + m.UID, "release 50 01", "take out two"}; !slices.Equal(l.asked, want) {
		t.Errorf("asked %q, want %q", l.asked, want)
	}
}
