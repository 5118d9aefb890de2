package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// quick is the heartbeat of members that are all on this machine.
const quick = 20 * time.Millisecond

// newCluster says how to start n members of a new cluster, named "a" and on.
func newCluster(t *testing.T, n int) []*Cluster {
	t.Helper()
	tls := certificates(t)
	all := make([]*Cluster, n)
	var initial []string
	for i := range all {
		all[i] = &Cluster{Name: string(rune('a' + i)), ListenPeer: freeURL(t, "https"), PeerTLS: tls, Token: "one"}
		initial = append(initial, all[i].Name+"="+all[i].ListenPeer)
	}
	for _, c := range all {
		c.Initial = strings.Join(initial, ",")
	}
	return all
}

// openAll starts members at once: each waits for the others.
func openAll(t *testing.T, all []*Cluster) []*Store {
	t.Helper()
	stores := make([]*Store, len(all))
	var tasks sync.WaitGroup
	for i, c := range all {
		dir := t.TempDir()
		tasks.Go(func() {
			var err error
			if stores[i], err = Open(t.Context(), dir, Options{Daemon: c.Name, Cluster: c, tick: quick}); err != nil {
				t.Error(err)
			}
		})
	}
	tasks.Wait()
	t.Cleanup(func() {
		for _, s := range stores {
			if s != nil {
				closeStore(t, s)
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return stores
}

func TestThreeMembersConform(t *testing.T) {
	all := openAll(t, newCluster(t, 3))
	conform(t, all[0], all[1])
	members, err := all[2].Members(t.Context())
	if err != nil || len(members) != 3 || members[0].Name != "a" || members[2].Learner {
		t.Errorf("%+v, %v", members, err)
	}
	for _, s := range all {
		if err := s.Health(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// scribe creates sessions until it is told to end, and remembers what was acknowledged.
type scribe struct {
	acknowledged []string
	stop         context.CancelFunc
	done         chan struct{}
}

func scribble(t *testing.T, s *Store) *scribe {
	ctx, cancel := context.WithCancel(t.Context())
	w := &scribe{stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for i := 0; ctx.Err() == nil; i++ {
			name := fmt.Sprint("s-", i)
			if _, err := s.Create(ctx, storetest.Session(name)); err == nil {
				w.acknowledged = append(w.acknowledged, name)
			}
		}
	}()
	return w
}

// wantAll fails unless everything that was acknowledged is there.
func (w *scribe) wantAll(t *testing.T, s *Store) {
	t.Helper()
	all, _, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := make(map[string]bool)
	for _, got := range all {
		there[got.Name] = true
	}
	for _, name := range w.acknowledged {
		if !there[name] {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	if len(w.acknowledged) < 20 {
		t.Errorf("only %d sessions were written", len(w.acknowledged))
	}
	t.Logf("%d sessions were written", len(w.acknowledged))
}

// TestOneGrowsToThreeAndShrinks, with a writer that writes all along.
func TestOneGrowsToThreeAndShrinks(t *testing.T) {
	dir := filled(t, 5)
	all := newCluster(t, 3)
	for _, c := range all {
		c.Initial = ""
	}
	a := openAt(t, dir, Options{Cluster: all[0], tick: quick})
	run(t, a)
	w := scribble(t, a)
	members := []*Store{a}
	for _, c := range all[1:] {
		var initial string
		eventually(t, "room for "+c.Name, func() (ok bool) { // when the one before has been connected for some seconds
			var err error
			_, initial, err = a.AddLearner(t.Context(), c.Name, c.ListenPeer)
			return err == nil
		})
		for _, m := range members { // a list that is read has all that was added before, and whoever joins may ask any member for one
			mustMembers(t, m)
		}
		c.Initial, c.Join = initial, true
		joined := openAt(t, t.TempDir(), Options{Cluster: c, tick: quick})
		members = append(members, joined)
		run(t, joined)
		eventually(t, c.Name+" votes", func() bool {
			for _, m := range mustMembers(t, a) {
				if m.Name == c.Name && !m.Learner {
					return true
				}
			}
			return false
		})
		if got, err := joined.Get(t.Context(), "s-004"); err != nil || got.Name == "" {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	for _, m := range mustMembers(t, a) {
		if m.Name == "a" {
			continue
		}
		eventually(t, m.Name+" is removed", func() bool { return a.RemoveMember(t.Context(), m.ID) == nil })
	}
	if left := mustMembers(t, a); len(left) != 1 || left[0].Name != "a" {
		t.Errorf("%+v", left)
	}
	time.Sleep(200 * time.Millisecond) // for the writer to write alone again
	w.stop()
	<-w.done
	w.wantAll(t, a)
}

func mustMembers(t *testing.T, s *Store) []Member {
	t.Helper()
	all, err := s.Members(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestMembersKilled: one of three may die, two may not; then it is said and nothing is lost.
func TestMembersKilled(t *testing.T) {
	all := newCluster(t, 3)
	b := start(t, task{Dir: t.TempDir(), Options: Options{Cluster: all[1]}}, "")
	c := start(t, task{Dir: t.TempDir(), Options: Options{Cluster: all[2]}}, "")
	s := openAt(t, t.TempDir(), Options{Cluster: all[0]})
	b.wantLine(t, "open")
	c.wantLine(t, "open")
	w := scribble(t, s)
	time.Sleep(200 * time.Millisecond) // for some to be written by three
	b.kill()
	eventually(t, "two of three write", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := s.Create(ctx, storetest.Session("by-two"))
		return err == nil || errors.Is(err, store.ErrExists)
	})
	w.stop()
	<-w.done
	w.wantAll(t, s)
	c.kill()
	eventually(t, "no leader", func() bool {
		err := s.Health(t.Context())
		return err != nil && strings.Contains(err.Error(), "no leader")
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := s.Create(ctx, storetest.Session("by-one")); err == nil || !strings.Contains(err.Error(), s.where) {
		t.Errorf("%v", err)
	}
}

// TestWrongCluster: a member that was started for another cluster is told so, and the others go on.
func TestWrongCluster(t *testing.T) {
	all := newCluster(t, 3)
	stranger := *all[2]
	stranger.Token = "two"
	stores := openAll(t, all[:2])
	created, err := stores[0].Create(t.Context(), storetest.Session("a"))
	if err != nil {
		t.Fatal(err)
	}
	unknown := newCluster(t, 1)[0]
	unknown.PeerTLS, unknown.Join, unknown.Initial = all[0].PeerTLS, true, all[0].Initial+","+unknown.Name+"x="+unknown.ListenPeer
	unknown.Name += "x"
	plain := &Cluster{Name: "d", ListenPeer: "http://10.0.0.1:2380"}
	for name, c := range map[string]struct {
		cluster *Cluster
		says    string
	}{
		"token":      {&stranger, "cluster"},
		"not added":  {unknown, "member count is unequal"},
		"plain http": {plain, "must be https"},
		"no files":   {&Cluster{Name: "d", ListenPeer: "https://10.0.0.1:2380"}, "certificate"},
		"no name":    {&Cluster{ListenPeer: "https://10.0.0.1:2380"}, "name"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), t.TempDir(), Options{Cluster: c.cluster, tick: quick, StartTimeout: 2 * time.Second})
			if err == nil {
				closeStore(t, s)
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Error(err)
			}
		})
	}
	if got, err := stores[1].Get(t.Context(), "a"); err != nil || got.Revision != created.Revision {
		t.Errorf("%v: %+v", err, got)
	}
}
