package daemon

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/tracking"
)

func TestFlowsInTheFile(t *testing.T) {
	file, err := ReadFile(write(t, `
flows: all
flowsKept: 4096
sites:
  - {name: east, hosts: ["esx-0[1-4]*", "old-host"]}
  - {name: west, clusters: ["West-*"], tags: [site-west]}
`))
	if err != nil {
		t.Fatal(err)
	}
	c, err := file.Over(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	want := Flows{All: true, Conversations: 4096, Sites: []Site{{Name: "east", Hosts: []string{"esx-0[1-4]*", "old-host"}}, {Name: "west", Clusters: []string{"West-*"}, Tags: []string{"site-west"}}}}
	if d := cmp.Diff(want, c.Flows); d != "" || c.Flows.check() != nil {
		t.Errorf("%v (-want +got)\n%s", c.Flows.check(), d)
	}
	places := places{sites: c.Flows.Sites, switches: func() []mirror.Switch {
		return []mirror.Switch{{Hosts: []mirror.Host{
			{Name: "esx-07.example", Cluster: "West-1"}, {Name: "esx-08", Tags: []string{"gold", "site-west"}}, {Name: "esx-09", Tags: []string{"gold"}},
		}}}
	}}
	if got := places.of("esx-07.example") + places.of("esx-01.example"); got != "east" {
		t.Errorf("before anything is known of hosts, sites are %q", got)
	}
	if !places.look() || places.look() {
		t.Error("what is known of hosts is not new once")
	}
	for host, want := range map[string]string{"esx-01.example": "east", "old-host": "east", "esx-07.example": "west", "esx-08": "west", "esx-09": "", "esx-05": "", "": ""} {
		if got := places.of(host); got != want {
			t.Errorf("%q is at %q, want %q", host, got, want)
		}
	}
}

func TestFlowsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		f    Flows
		want string
	}{
		"nothing":        {Flows{}, ""},
		"few":            {Flows{Conversations: 127}, "128"},
		"many":           {Flows{Conversations: 1<<20 + 1}, "128"},
		"no name":        {Flows{Sites: []Site{{Hosts: []string{"a"}}}}, "name"},
		"twice":          {Flows{Sites: []Site{{Name: "a", Hosts: []string{"a"}}, {Name: "a", Hosts: []string{"b"}}}}, "name"},
		"nothing in":     {Flows{Sites: []Site{{Name: "a"}}}, "which hosts, clusters or tags"},
		"odd":            {Flows{Sites: []Site{{Name: "a", Hosts: []string{"[a"}}}}, "pattern"},
		"empty":          {Flows{Sites: []Site{{Name: "a", Clusters: []string{""}}}}, "pattern"},
		"hosts a plenty": {Flows{Sites: make([]Site, 65)}, "at most 64"},
	} {
		if err := c.f.check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := new(Flows).SetMode("some"); err == nil || !strings.Contains(err.Error(), "asked or all") {
		t.Errorf("some: %v", err)
	}
}

// A host that is said to stand at another site, as one is that was not known yet, has those looks begin anew that have seen it.
func TestHostMoves(t *testing.T) {
	f := newTestFlows(false)
	f.ctx = t.Context()
	host := mirror.Host{Name: "esx-08"}
	f.places = places{sites: []Site{{Name: "west", Tags: []string{"site-west"}}}, switches: func() []mirror.Switch {
		return []mirror.Switch{{Hosts: []mirror.Host{host, {Name: "esx-09"}}}}
	}}
	now := time.Now()
	f.follow([]mirror.Session{living("one", "web-01", time.Time{}), living("two", "web-02", time.Time{})}, now)
	see := func(uid, host string) *track {
		if _, err := f.Track(uid); err != nil {
			t.Fatal(err)
		}
		f.tracks[uid].Observe(&flow.Packet{Time: now, Frame: make([]byte, 60), Host: host})
		return f.tracks[uid]
	}
	one, two := see("one", "esx-08"), see("two", "esx-09")
	f.place(now)
	if f.tracks["one"] != one || f.tracks["two"] != two {
		t.Error("a look began anew where no host has a site")
	}
	host.Tags = []string{"site-west"}
	later := now.Add(time.Minute)
	f.place(later)
	if got := f.tracks["one"]; got == one || !got.since.Equal(later) || !got.asked.Equal(one.asked) || got.Totals().Packets != 0 {
		t.Errorf("the look at a host that moved: %+v", got)
	}
	if f.tracks["two"] != two {
		t.Error("the look at a host that did not move began anew")
	}
	one = see("one", "esx-08")
	f.place(later.Add(time.Second))
	if f.tracks["one"] != one {
		t.Error("it began anew once more")
	}
	host.Tags = nil
	three := see("three", "esx-08") // before anybody has looked where hosts stand
	f.place(later.Add(2 * time.Second))
	if f.tracks["three"] != three || f.tracks["one"] == one {
		t.Errorf("a look that has just begun began anew: %v; one before it: %v", f.tracks["three"] != three, f.tracks["one"] != one)
	}
}

func newTestFlows(all bool) *flows {
	return &flows{
		config: Flows{All: all}, broker: capture.NewBroker(), trackers: tracking.NewTrackers(new(tracking.Relays), func() uint64 { return 0 }, func(string) bool { return true }),
		tracks: map[string]*track{}, lenses: map[string]*lens{}, living: map[string]mirror.Session{},
	}
}

// Looking begins with a question and ends ten minutes after the last one, or with the session.
func TestLookingIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTestFlows(false)
		if _, err := f.Track("one"); !errors.Is(err, api.ErrNotLooking) {
			t.Errorf("before it runs: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.run(ctx) }()
		synctest.Wait()
		f.follow([]mirror.Session{living("one", "web-01", time.Time{}), living("two", "web-02", time.Time{})}, time.Now())
		began := time.Now()
		first, err := f.Track("one")
		if err != nil || !first.Since.Equal(began) || !first.Until.Equal(began.Add(10*time.Minute)) {
			t.Fatalf("%+v, %v", first.Looking, err)
		}
		if _, err := f.Track("two"); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Follow("one"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Minute)
		if again, _ := f.Track("one"); again.Tracker != first.Tracker {
			t.Error("another question has begun anew")
		}
		time.Sleep(2 * time.Minute) // since the questions about the rest it is eleven
		f.mu.Lock()
		tracks, lenses := len(f.tracks), len(f.lenses)
		f.mu.Unlock()
		if tracks != 1 || lenses != 0 {
			t.Errorf("%d sessions are tracked and %d followed, want one and none", tracks, lenses)
		}
		f.follow(nil, time.Now())
		if f.mu.Lock(); len(f.tracks) != 0 {
			t.Error("a session that is no more is tracked")
		}
		f.mu.Unlock()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := f.Follow("one"); !errors.Is(err, api.ErrNotLooking) {
			t.Errorf("after it has ended: %v", err)
		}
	})
}

// With flows: all the sessions that are received here are looked at without a question, and for as long as they live.
func TestLookingAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newTestFlows(true)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.run(ctx) }()
		synctest.Wait()
		ours, away := living("one", "web-01", time.Time{}), living("two", "web-02", time.Time{})
		ours.Spec.Enabled, ours.Spec.Destination.Receiver, away.Spec.Enabled = true, mirror.LocalReceiver, true
		f.follow([]mirror.Session{ours, away}, time.Now())
		time.Sleep(time.Hour)
		if f.mu.Lock(); len(f.tracks) != 1 || f.tracks["one"] == nil {
			t.Errorf("%d sessions are tracked", len(f.tracks))
		}
		f.mu.Unlock()
		if w, err := f.Track("one"); err != nil || !w.Until.IsZero() {
			t.Errorf("%+v, %v", w.Looking, err)
		}
		cancel()
		<-ended
	})
}

// No more sessions are followed at a time than memory is meant for.
func TestFollowingIsBounded(t *testing.T) {
	f := newTestFlows(false)
	ctx, cancel := context.WithCancel(t.Context())
	f.ctx = ctx
	for i := range mostFollowed {
		if _, err := f.Follow(string(rune('a' + i))); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Follow("z"); !errors.Is(err, api.ErrNotLooking) {
		t.Errorf("one more: %v", err)
	}
	if _, err := f.Follow("a"); err != nil {
		t.Errorf("one of them: %v", err)
	}
	cancel()
	f.tasks.Wait()
}
