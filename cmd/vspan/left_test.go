package main

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// left is what stands on the switch and belongs to no session, what is held back, which records are damaged and who shares the
// store: nothing, before the script says so.
type left struct {
	*store.Memory
	mu      sync.Mutex
	orphans []mirror.VSPAN
	others  []mirror.VSPAN
	held    []mirror.Change
	damaged map[string]bool
	members []api.Member
}

// leftKey is where a script keeps its left.
type leftKey struct{}

func newLeft() *left {
	return &left{Memory: store.NewMemory(), damaged: make(map[string]bool), members: []api.Member{
		{ID: "8e9e05c52164694d", Name: "vspan-1", PeerURLs: []string{"https://10.2.1.111:2380"}, Leader: true, Healthy: true},
	}}
}

// happen is the script command "happen orphans|held|damaged".
func happen(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: happen orphans|held|damaged")
	}
	l := ts.Value(leftKey{}).(*left)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch args[0] {
	case "orphans":
		expiry := time.Now().Add(10*time.Hour + 30*time.Second)
		l.orphans = []mirror.VSPAN{
			marked(mirror.VSPAN{Key: "31", Name: "web", Enabled: true, Encapsulation: mirror.ERSPAN2, ERSPANID: 9, FromVM: []string{"100", "999"}, ToVM: []string{"100"}}, "test", "uid-one", expiry),
			marked(mirror.VSPAN{Key: "32", Name: "evil\x1b[31m", FromVM: []string{"8"}, ToVM: []string{"8"}}, "test", "uid-two", time.Time{}),
		}
		l.others = []mirror.VSPAN{marked(mirror.VSPAN{Key: "40", Name: "old"}, "lost-installation", "uid-nine", time.Time{})}
	case "held":
		for _, name := range []string{"web-01", "web-02"} {
			l.held = append(l.held, mirror.Change{Operation: mirror.Remove, Session: mirror.VSPAN{Key: "12", Name: name, FromVM: []string{"100"}, ToVM: []string{"100"}}, Why: "it can no longer be placed"})
		}
	case "damaged":
		l.damaged["damaged-01"] = true
	default:
		ts.Fatalf("what is %q?", args[0])
	}
}

// marked is v with a marker.
func marked(v mirror.VSPAN, owner, uid string, expiry time.Time) mirror.VSPAN {
	v.Type, v.Description, v.Destinations = mirror.L3Source, mirror.Marker{Owner: owner, UID: uid, Generation: 1, Expiry: expiry}.String(), []netip.Addr{receiver}
	return v
}

// standing returns the switch with what is left on it.
func (l *left) standing() mirror.Switch {
	l.mu.Lock()
	defer l.mu.Unlock()
	sw := testSwitch
	sw.Sessions = slices.Concat(l.orphans, l.others)
	return sw
}

// Orphans, Adopt and RemoveOrphan make it an api.Orphanage.
func (l *left) Orphans() []mirror.Orphan {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []mirror.Orphan
	for _, v := range l.orphans {
		m, _ := v.Marker()
		all = append(all, mirror.Orphan{Switch: testSwitch.ID, SwitchName: testSwitch.Name, Session: v, Marker: m})
	}
	return all
}

// take returns an orphan, which is none from then on.
func (l *left) take(uid string) mirror.VSPAN {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.orphans, func(v mirror.VSPAN) bool { m, _ := v.Marker(); return m.UID == uid })
	v := l.orphans[at]
	l.orphans = slices.Delete(l.orphans, at, at+1)
	return v
}

func (l *left) Adopt(ctx context.Context, uid string) (mirror.Session, []string, error) {
	sw := l.standing()
	s, left, fault := mirror.Adoption{Switch: sw, Owner: "test", Receivers: []netip.Addr{receiver}, Now: time.Now()}.Adopt(l.take(uid))
	if fault != nil {
		return mirror.Session{}, nil, fault
	}
	s, err := l.Create(ctx, s)
	return s, left, err
}

func (l *left) RemoveOrphan(ctx context.Context, uid string) error {
	l.take(uid)
	_, err := l.Create(ctx, mirror.Session{Name: mirror.NameForOrphan(uid), UID: uid, Generation: 1, DeletedAt: time.Now()})
	return err
}

// Held and Release make it an api.Brake.
func (l *left) Held() []mirror.Hold {
	l.mu.Lock()
	defer l.mu.Unlock()
	return []mirror.Hold{{Switch: testSwitch.ID, SwitchName: testSwitch.Name, Changes: l.held}}
}

func (l *left) Release(string) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.held)
	l.held = nil
	return n, nil
}

// Members, Add and Remove make cluster an api.Cluster.
type cluster struct{ *left }

func (c cluster) Members(context.Context) ([]api.Member, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.members), nil
}

func (c cluster) Add(_ context.Context, name string, peerURLs []string) (api.Joining, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := ""
	for _, m := range c.members {
		if m.Name == name {
			return api.Joining{}, api.ErrMemberExists
		}
		all += m.Name + "=" + m.PeerURLs[0] + ","
	}
	c.members = append(c.members, api.Member{ID: "2", Name: name, PeerURLs: peerURLs, Learner: true, Message: "it has not been started yet"})
	return api.Joining{Token: "vspan-1f", InitialCluster: all + name + "=" + peerURLs[0]}, nil
}

func (c cluster) Remove(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.members, func(m api.Member) bool { return cmp.Or(m.Name, m.ID) == name })
	switch {
	case at < 0:
		return api.ErrNoMember
	case len(c.members) == 1:
		return api.ErrLastMember
	}
	c.members = slices.Delete(c.members, at, at+1)
	return nil
}

// Get, Damaged and Discard make it a store with damaged records.
func (l *left) Get(ctx context.Context, name string) (mirror.Session, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.damaged[name] {
		return mirror.Session{}, fmt.Errorf("get session %q: %w", name, store.ErrDamaged)
	}
	return l.Memory.Get(ctx, name)
}

func (l *left) Damaged(context.Context) ([]store.Damage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []store.Damage
	for name := range l.damaged {
		all = append(all, store.Damage{Name: name, Revision: 1, Err: store.ErrDamaged})
	}
	return all, nil
}

func (l *left) Discard(_ context.Context, name string, _ int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.damaged, name)
	return nil
}
