package vcenter

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// often is an interval that tests need not wait for.
const often = 50 * time.Millisecond

func lookOften(config *Config) { config.TagInterval = often }

func tag(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// tagsOf are the tags that a read gives a VM's ports, which all have the same.
func tagsOf(t *testing.T, sw mirror.Switch, vm string) []string {
	t.Helper()
	return portOf(t, sw, vm).Tags
}

func TestTagsAreReadOnlyWhileTheyAreFollowed(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, nil)
	tag(t, s.TagVM("web-01", "pci"), s.TagVM("web-01", "audit"), s.TagVM("db-01", "pci"))
	sw := observe(t, c)
	if sw.Tagged || len(tagsOf(t, sw, "web-01")) != 0 {
		t.Errorf("tags were read: %v", tagsOf(t, sw, "web-01"))
	}
	if n := p.Calls(faultproxy.REST); n != 0 {
		t.Errorf("%d calls to the tagging service while nobody follows tags", n)
	}
	c.FollowTags(true)
	sw = observe(t, c)
	if got := tagsOf(t, sw, "web-01"); !sw.Tagged || !slices.Equal(got, []string{"audit", "pci"}) {
		t.Errorf("web-01 has %v (tagged %t), want audit and pci", got, sw.Tagged)
	}
	if got := tagsOf(t, sw, "web-02"); len(got) != 0 {
		t.Errorf("web-02 has %v, want none", got)
	}
	// The login, the list, what they are attached to, and the name of each of the two.
	if n := p.Calls(faultproxy.REST); n != 5 {
		t.Errorf("%d calls, want 5", n)
	}
	all, err := c.ObserveAll(t.Context())
	if err != nil || len(all) != 1 || !slices.Equal(tagsOf(t, all[0], "db-01"), []string{"pci"}) {
		t.Errorf("got %v, %+v", err, all)
	}
	if n := p.Calls(faultproxy.REST); n != 7 { // the names are known
		t.Errorf("%d calls, want 7", n)
	}
	c.FollowTags(false)
	if sw = observe(t, c); sw.Tagged || len(tagsOf(t, sw, "web-01")) != 0 || p.Calls(faultproxy.REST) != 7 {
		t.Errorf("tagged %t with %v, %d calls", sw.Tagged, tagsOf(t, sw, "web-01"), p.Calls(faultproxy.REST))
	}
}

// A watch is woken when tags begin to be followed and when they change, and looks no more when they are not followed.
func TestWatchOfTags(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, lookOften)
	id := only(t, c).ID
	woken := watch(t, c, id)
	still(t, woken)
	if n := p.Calls(faultproxy.REST); n != 0 {
		t.Errorf("%d calls to the tagging service while nobody follows tags", n)
	}
	c.FollowTags(true)
	wake(t, "beginning to follow tags", woken)
	observe(t, c)
	calmDown(t, woken)
	for range 3 {
		c.FollowTags(true)
	}
	still(t, woken)
	for _, change := range []struct {
		what string
		make func(vm, tag string) error
		want []string
	}{{"a tag", s.TagVM, []string{"pci"}}, {"a tag taken away", s.UntagVM, nil}} {
		tag(t, change.make("web-01", "pci"))
		wake(t, change.what, woken)
		if got := tagsOf(t, observe(t, c), "web-01"); !slices.Equal(got, change.want) {
			t.Errorf("%s: got %v, want %v", change.what, got, change.want)
		}
		calmDown(t, woken)
	}
	c.FollowTags(false)
	eventually(t, "it is logged out", func() bool { return !loggedIn(t, c) })
	before := p.Calls(faultproxy.REST)
	tag(t, s.TagVM("web-01", "pci"))
	still(t, woken)
	if n := p.Calls(faultproxy.REST); n != before {
		t.Errorf("%d calls to the tagging service after tags are followed no more", n-before)
	}
}

// calmDown waits until nobody is woken any more: a look that was under way during a read may find that the one before knew less.
func calmDown(t *testing.T, woken <-chan struct{}) {
	t.Helper()
	eventually(t, "it is calm", func() bool {
		time.Sleep(2 * calm) // for what must not come, which only time shows
		select {
		case <-woken:
			return false
		default:
			return true
		}
	})
}

// loggedIn tells whether there is a login to the tagging service.
func loggedIn(t *testing.T, c *Client) bool {
	t.Helper()
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release, err := conn.tagging.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	return conn.tagging.in
}

// Tags that cannot be read whole are an error that says so, and never look like tags that nobody has.
func TestTagsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, func(config *Config) { config.Timeout = 2 * time.Second })
	tag(t, s.TagVM("web-01", "pci"), s.TagVM("web-02", "audit"))
	id := only(t, c).ID
	c.FollowTags(true)
	for name, rule := range map[string]faultproxy.Rule{
		"500":       {Fault: faultproxy.Status, Status: http.StatusInternalServerError},
		"400":       {Fault: faultproxy.Status, Status: http.StatusBadRequest},
		"404":       {Fault: faultproxy.Status, Status: http.StatusNotFound},
		"reset":     {Fault: faultproxy.Reset},
		"cut":       {Fault: faultproxy.CutReply},
		"truncated": {Fault: faultproxy.TruncateReply},
		"stalled":   {Fault: faultproxy.Stall},
	} {
		for skip := range 4 { // login, list, objects, name; later fewer: names and the login are kept
			rule.Method, rule.Skip, rule.Count = faultproxy.REST, skip, 2 // GET is repeated once by net/http after a reset
			i := injectAt(t, p, rule)
			sw, err := c.Observe(t.Context(), id)
			i.Remove()
			if i.Fired() == 0 {
				continue
			}
			if err == nil {
				if got := tagsOf(t, sw, "web-01"); !slices.Equal(got, []string{"pci"}) {
					t.Errorf("%s, skip %d: a read without an error gives web-01 %v", name, skip, got)
				}
				continue
			}
			wantFault(t, err, mirror.VCenterUnreachable, "tagging service", `"user"`)
		}
		if got := tagsOf(t, observe(t, c), "web-02"); !slices.Equal(got, []string{"audit"}) {
			t.Errorf("after %s: web-02 has %v", name, got)
		}
	}
	i := injectAt(t, p, faultproxy.Rule{Method: faultproxy.REST, Fault: faultproxy.Status, Status: http.StatusForbidden})
	_, err := c.Observe(t.Context(), id)
	wantFault(t, err, mirror.NoPermission, "tagging service", `"user"`, "System.Read")
	i.Remove()
	observe(t, c)
}

// A success that tells nothing is none: govmomi takes it for an empty list.
func TestTagsOfAnEmptySuccess(t *testing.T) {
	t.Parallel()
	get := &http.Request{Method: http.MethodGet}
	for _, said := range []reply{{201, ""}, {202, ""}, {204, ""}, {200, ""}, {200, "{}"}, {200, "[]"}, {200, `{"value":["urn:`}, {200, "<html>"}} {
		if _, err := (wholeReplies{said}).RoundTrip(get); err == nil {
			t.Errorf("%d %q is taken for an answer", said.status, said.body)
		}
	}
	for _, said := range []reply{{200, `{"value":[]}`}, {200, `{"value":null}`}, {503, ""}} {
		res, err := wholeReplies{said}.RoundTrip(get)
		if err != nil {
			t.Fatalf("%d %q: %v", said.status, said.body, err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != said.body {
			t.Errorf("of %q is left %q, %v", said.body, body, err)
		}
	}
	if _, err := (wholeReplies{reply{200, ""}}).RoundTrip(&http.Request{Method: http.MethodDelete}); err != nil {
		t.Errorf("a logout tells nothing: %v", err)
	}
}

// A tag whose name is not told is none that nobody bears.
func TestTagWithoutName(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"value":{"id":"urn:tag:1"}}`)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	tagging := newTagging(Config{Name: "lab", URL: u, Thumbprint: thumbprintOf(server.Certificate())})
	if tagging.api, err = newTagManager(tagging.config); err != nil {
		t.Fatal(err)
	}
	defer tagging.api.CloseIdleConnections()
	if name, err := tagging.name(t.Context(), "urn:tag:1"); err == nil {
		t.Errorf("it is called %q", name)
	}
}

type reply struct {
	status int
	body   string
}

func (r reply) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: r.status, Status: http.StatusText(r.status), Body: io.NopCloser(strings.NewReader(r.body))}, nil
}

// A login to the tagging service that ended is renewed without anybody noticing.
func TestTagLoginIsRenewed(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, nil)
	tag(t, s.TagVM("web-01", "pci"))
	c.FollowTags(true)
	observe(t, c)
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.tagging.api.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := p.Calls(faultproxy.REST)
	if got := tagsOf(t, observe(t, c), "web-01"); !slices.Equal(got, []string{"pci"}) {
		t.Errorf("got %v", got)
	}
	if n := p.Calls(faultproxy.REST) - before; n != 4 { // one that is refused, the login, the list, the objects
		t.Errorf("%d calls, want 4", n)
	}
	s.ExpireLogins()
	if got := tagsOf(t, observe(t, c), "web-01"); !slices.Equal(got, []string{"pci"}) {
		t.Errorf("after all logins ended: got %v", got)
	}
}

// A password that is no longer right is tried once and then not for a while: vCenter locks accounts.
func TestTagLoginThatIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("pass")
	_, p, c := startProxied(t, func(config *Config) { config.Password, config.PasswordFile = Secret{}, file })
	id := only(t, c).ID
	write("not-the-word")
	c.FollowTags(true)
	for range 3 {
		_, err := c.Observe(t.Context(), id)
		f := wantFault(t, err, mirror.NotAuthenticated, "tagging service", `"user"`)
		if f.Permanent() || strings.Contains(err.Error(), "not-the-word") {
			t.Errorf("got %v", err)
		}
	}
	if n := p.Calls(faultproxy.REST); n != 1 {
		t.Errorf("%d logins were tried, want 1", n)
	}
	c.FollowTags(false)
	if sw := observe(t, c); sw.Tagged {
		t.Error("tags that are not followed were read")
	}
}

// A client that ends leaves no login behind.
func TestTagLoginEndsWithTheClient(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c, err := New(simConfig(s), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	c.FollowTags(true)
	if sw := observe(t, c); !sw.Tagged {
		t.Error("tags are followed and were not read")
	}
	cancel()
	running.Wait()
	if n := s.ExpireLogins(); n != 0 {
		t.Errorf("%d logins are left", n)
	}
}

func TestFollowTagsFromManySides(t *testing.T) {
	t.Parallel()
	s, _, c := startProxied(t, lookOften)
	tag(t, s.TagVM("web-01", "pci"))
	id := only(t, c).ID
	watch(t, c, id)
	watch(t, c, id)
	var sides sync.WaitGroup
	for side := range 4 {
		sides.Go(func() {
			for i := range 10 {
				c.FollowTags((side+i)%2 == 0)
				if sw, err := c.Observe(t.Context(), id); err != nil || sw.Tagged != (len(portOf(t, sw, "web-01").Tags) == 1) {
					t.Errorf("got %v, tagged %t", err, sw.Tagged)
				}
			}
		})
	}
	sides.Wait()
	c.FollowTags(true)
	if sw := observe(t, c); !sw.Tagged {
		t.Error("tags are followed and were not read")
	}
}
