package vcsimtests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
)

// twoSites has each of the two hosts at a site of its own.
func twoSites(s *setup) {
	s.daemon.Flows.Sites = []daemon.Site{{Name: "east", Hosts: []string{"esx-01"}}, {Name: "west", Hosts: []string{"esx-02"}}}
}

// sitesByTag has each of the two hosts at the site that its tag in vCenter says.
func sitesByTag(s *setup) {
	s.daemon.Flows.Sites = []daemon.Site{{Name: "east", Tags: []string{"site-east"}}, {Name: "west", Tags: []string{"*-west"}}}
	lookOften(s)
}

// flows are the conversations of a session.
func (w *world) flows(name, query string) (list wire.FlowList) {
	w.t.Helper()
	body := w.want(w.do(http.MethodGet, "/v1/sessions/"+name+"/flows?pageSize=1000"+query, nil), http.StatusOK)
	if err := json.Unmarshal(body.body, &list); err != nil {
		w.t.Fatal(err)
	}
	return list
}

// call returns the connection that a VM keeps.
func (w *world) call(list wire.FlowList, vm string) (wire.Flow, bool) {
	address := w.vm(vm).NICs[0].IP
	i := slices.IndexFunc(list.Items, func(f wire.Flow) bool { return f.A.Address == address && f.B.Port == 8443 })
	if i < 0 {
		return wire.Flow{}, false
	}
	return list.Items[i], true
}

func codes(f wire.Flow) string {
	var all []string
	for _, p := range f.Problems {
		code := p.Code
		if p.Site != "" {
			code += "@" + p.Site
		}
		all = append(all, code)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// TestAsymmetryAfterVMotionBetweenSites: a VM moves to the other site, and what it is sent still enters at the one it left. Its connection
// has that problem, and neither site's firewall would let it pass; the connection of the VM beside it has none.
func TestAsymmetryAfterVMotionBetweenSites(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		encapsulation string
		sites         func(*setup)
	}{
		"gre": {"gre", twoSites}, "erspan2": {"erspan2", twoSites}, "erspan3": {"erspan3", twoSites}, "sites by tag": {"erspan2", sitesByTag},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.sites)
			w.act(w.sim.TagHost("esx-01", "site-east"))
			w.act(w.sim.TagHost("esx-02", "site-west"))
			if a, b := w.vm("web-01").Host, w.vm("db-01").Host; a != "esx-01" || b != "esx-01" {
				t.Fatalf("web-01 is on %s and db-01 on %s, want both on esx-01", a, b)
			}
			w.delivering("pair", spec([]string{"web-01", "db-01"}, func(s *wire.Spec) { s.Encapsulation.Type = c.encapsulation }))
			if first := w.flows("pair", ""); first.Tracking.Since.IsZero() || first.Tracking.Until.IsZero() {
				t.Fatalf("%+v", first.Tracking)
			}
			w.act(w.sim.Call("web-01", ""))
			w.act(w.sim.Call("db-01", ""))
			await(t, soon, "both connections are established for over a second, with nothing wrong", func() (bool, string) {
				list := w.flows("pair", "")
				for _, vm := range []string{"web-01", "db-01"} {
					f, ok := w.call(list, vm)
					if !ok || f.State != "established" || f.AToB.Packets < 90 || codes(f) != "" {
						return false, fmt.Sprintf("%s: %+v", vm, f)
					}
				}
				return true, ""
			})
			w.act(w.sim.MoveVM("web-01", "esx-02"))
			w.act(w.sim.Detour("web-01", "esx-01"))
			await(t, soon, "the moved connection's problems are named", func() (bool, string) {
				f, _ := w.call(w.flows("pair", ""), "web-01")
				return codes(f) == "asymmetric_sites firewall_drop@east firewall_drop@west", fmt.Sprintf("%q: %+v", codes(f), f)
			})
			list := w.flows("pair", "")
			moved, _ := w.call(list, "web-01")
			for _, p := range moved.Problems {
				if len(p.Packets) == 0 && p.Code != "asymmetric_sites" || p.Message == "" {
					t.Errorf("%+v", p)
				}
			}
			address := w.vm("web-01").NICs[0].IP
			for _, f := range list.Items {
				if f.A.Address != address && f.B.Address != address && len(f.Problems) > 0 {
					t.Errorf("a healthy one: %q: %+v", codes(f), f)
				}
			}
			if healthy, ok := w.call(list, "db-01"); !ok || len(healthy.Firewalls) != 1 || healthy.Firewalls[0].Verdict != "would_pass" {
				t.Errorf("the one beside it: %+v", healthy)
			}
			if only := w.flows("pair", "&problem=asymmetric_sites"); len(only.Items) == 0 || slices.ContainsFunc(only.Items, func(f wire.Flow) bool { return !strings.Contains(codes(f), "asymmetric_sites") }) {
				t.Errorf("?problem=asymmetric_sites: %d", len(only.Items))
			}
		})
	}
}

// TestMirrorLossIsNotBlamedOnTheNetwork: of what the simulated hosts send, a part is lost on the way, and the network loses nothing.
func TestMirrorLossIsNotBlamedOnTheNetwork(t *testing.T) {
	t.Parallel()
	for _, encapsulation := range []string{"gre", "erspan2", "erspan3"} {
		t.Run(encapsulation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoSites)
			w.act(w.sim.Loss(0.05))
			w.applied("pair", spec([]string{"web-01", "db-01"}, func(s *wire.Spec) { s.Encapsulation.Type = encapsulation }))
			w.act(w.sim.Call("web-01", "db-01"))
			await(t, soon, "a thousand packets were looked at", func() (bool, string) {
				list := w.flows("pair", "")
				for _, f := range list.Items {
					if len(f.Problems) > 0 || f.Retransmissions > 0 {
						t.Fatalf("%q, %d retransmissions: %+v", codes(f), f.Retransmissions, f)
					}
				}
				return list.Tracking.Packets > 1000, fmt.Sprintf("%+v", list.Tracking)
			})
			if lost := w.flows("pair", "").Tracking.MirrorLost; encapsulation != "gre" && lost == 0 {
				t.Error("the mirror's loss was not noticed, and so this shows nothing")
			}
		})
	}
}

// TestFollowingTheSimulatedWebTraffic: what the simulated VMs fetch can be read.
func TestFollowingTheSimulatedWebTraffic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	await(t, soon, "a page was fetched whole", func() (bool, string) {
		var list wire.StreamList
		if err := json.Unmarshal(w.want(w.do(http.MethodGet, "/v1/sessions/web-01/streams?kind=http", nil), http.StatusOK).body, &list); err != nil {
			t.Fatal(err)
		}
		for _, s := range list.Items {
			for _, e := range s.HTTP {
				if e.Request != nil && e.Response != nil && !e.Response.End.IsZero() && e.Response.Missing == 0 {
					return e.Request.Method == "GET" && strings.HasPrefix(e.Request.URL, "http://") && e.Response.Status == 200 && e.Response.DecodedBytes > 1000, fmt.Sprintf("%+v", e)
				}
			}
		}
		return false, fmt.Sprintf("%d streams", len(list.Items))
	})
}
