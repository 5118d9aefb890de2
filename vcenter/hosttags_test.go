package vcenter

import (
	"net/http"
	"slices"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// hostTagsOf are the tags that a read gives a host.
func hostTagsOf(t *testing.T, sw mirror.Switch, host string) []string {
	t.Helper()
	i := slices.IndexFunc(sw.Hosts, func(h mirror.Host) bool { return h.Name == host })
	if i < 0 {
		t.Fatalf("no host %q in %+v", host, sw.Hosts)
	}
	return sw.Hosts[i].Tags
}

// A host has its own tags and its cluster's, whether those of VMs are followed or not; and no mirror waits for them in vain.
func TestTagsOfHosts(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, func(config *Config) { config.HostTags, config.TagInterval = true, 1 })
	tag(t, s.TagHost("esx-01", "site-east"), s.TagHost("esx-02", "site-west"), s.TagHost("esx-02", "gold"), s.TagCluster("gold"), s.TagVM("web-01", "pci"))
	want := func(sw mirror.Switch, east, west []string) {
		t.Helper()
		if got := hostTagsOf(t, sw, "esx-01"); !slices.Equal(got, east) {
			t.Errorf("esx-01 has %q, want %q", got, east)
		}
		if got := hostTagsOf(t, sw, "esx-02"); !slices.Equal(got, west) {
			t.Errorf("esx-02 has %q, want %q", got, west)
		}
	}
	sw := observe(t, c)
	want(sw, []string{"gold", "site-east"}, []string{"gold", "site-west"})
	if got := tagsOf(t, sw, "web-01"); sw.Tagged || len(got) > 0 {
		t.Errorf("the tags of VMs were not asked for: %t, %q", sw.Tagged, got)
	}
	tag(t, s.UntagHost("esx-02", "gold"), s.UntagHost("esx-02", "site-west"))
	want(observe(t, c), []string{"gold", "site-east"}, []string{"gold"})

	i := injectAt(t, p, faultproxy.Rule{Method: faultproxy.REST, Fault: faultproxy.Status, Status: http.StatusInternalServerError})
	tag(t, s.UntagHost("esx-01", "site-east"))
	want(observe(t, c), []string{"gold", "site-east"}, []string{"gold"}) // what is known, and no error
	if i.Fired() == 0 {
		t.Error("the tagging service was not asked")
	}
	i.Remove()
	want(observe(t, c), []string{"gold"}, []string{"gold"})

	c.FollowTags(true)
	sw = observe(t, c)
	want(sw, []string{"gold"}, []string{"gold"})
	if got := tagsOf(t, sw, "web-01"); !sw.Tagged || !slices.Equal(got, []string{"pci"}) {
		t.Errorf("web-01 has %q, want pci", got)
	}
}

// Without anybody who needs them the tags of hosts cost nothing.
func TestTagsOfHostsAreNotReadForNobody(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, nil)
	tag(t, s.TagHost("esx-01", "site-east"))
	if got := hostTagsOf(t, observe(t, c), "esx-01"); len(got) > 0 || p.Calls(faultproxy.REST) > 0 {
		t.Errorf("esx-01 has %q after %d calls", got, p.Calls(faultproxy.REST))
	}
}
