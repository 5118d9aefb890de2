package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// tagged is a line to a vCenter that reads tags while it is told to.
type tagged struct {
	*line
	mu        sync.Mutex
	following bool
	broken    bool // tags cannot be read
}

func (c *tagged) FollowTags(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.following = on
}

func (c *tagged) follows() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.following
}

func (c *tagged) Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	sw, err := c.line.Observe(ctx, id)
	c.mu.Lock()
	defer c.mu.Unlock()
	sw.Ports = slices.Clone(sw.Ports)
	sw.Tagged = c.following && !c.broken
	for i := range sw.Ports {
		if !sw.Tagged {
			sw.Ports[i].Tags = nil
		}
	}
	return sw, err
}

func portsOf(v mirror.VSPAN) string { return strings.Join(v.Ports(), " ") }

func (b *workbench) wantPorts(f *fakeVCenter, name, want string) {
	b.Helper()
	sessions, _, _ := f.look(dvs0)
	for _, v := range sessions {
		if v.Name == name && portsOf(v) != want {
			b.Errorf("session %q mirrors %q, want %q", name, portsOf(v), want)
		}
	}
	if !slices.ContainsFunc(sessions, func(v mirror.VSPAN) bool { return v.Name == name }) {
		b.Errorf("session %q does not stand", name)
	}
}

// TestSelectorsFollowTheirMembers: by name, folder, portgroup and tag, as VMs come, go and change.
func TestSelectorsFollowTheirMembers(t *testing.T) {
	for _, c := range []struct {
		name   string
		source mirror.Source
		join   func(*mirror.Port)
		leave  func(*mirror.Port)
	}{
		{"name", mirror.Source{Selector: mirror.Selector{Name: "web-*"}}, func(p *mirror.Port) { p.VM = "web-09" }, func(p *mirror.Port) { p.VM = "db-09" }},
		{"folder", mirror.Source{Selector: mirror.Selector{Folder: "prod"}}, func(p *mirror.Port) { p.Folder = "prod" }, func(p *mirror.Port) { p.Folder = "test" }},
		{"tag", mirror.Source{Selector: mirror.Selector{Tag: "pci"}}, func(p *mirror.Port) { p.Tags = []string{"pci", "x"} }, func(p *mirror.Port) { p.Tags = nil }},
		{"portgroup", mirror.Source{Portgroup: "prod-web"}, func(p *mirror.Port) { p.PortgroupKey = "pg-1" }, func(p *mirror.Port) { p.PortgroupKey = "pg-2" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bench(t, func(b *workbench) {
				f := newFake("lab", dvs0)
				f.switches[dvs0].sw.Portgroups = []mirror.Portgroup{{Key: "pg-1", Name: "prod-web"}, {Key: "pg-2", Name: "other"}}
				f.switches[dvs0].vm("101", "a", "esx-01")
				f.switches[dvs0].vm("102", "b", "esx-01")
				c.join(&f.switches[dvs0].sw.Ports[0])
				tags := &tagged{line: &line{fakeVCenter: f}}
				d := b.daemon(func(o *reconcile.Options) { o.VCenters = map[string]reconcile.VCenter{f.name: tags} }, f)
				s := ask("many", "")
				s.Spec.Sources = []mirror.Source{c.source}
				s.Spec.OnDrift = mirror.Report
				b.create(s)
				b.pass(2 * time.Minute)
				if tags.follows() != (c.name == "tag") {
					t.Errorf("tags are read: %v", tags.follows())
				}
				b.wantPorts(f, "many", "101")
				f.meddle(dvs0, func(s *fakeSwitch) { c.join(&s.sw.Ports[1]); s.sw.Ports[1].VM = "web-10" })
				b.settle()
				b.wantPorts(f, "many", "101 102")
				f.meddle(dvs0, func(s *fakeSwitch) { c.leave(&s.sw.Ports[0]) })
				b.settle()
				b.wantPorts(f, "many", "102")
				if p := d.placement("many"); !p.Applied || p.Fault != nil {
					t.Errorf("%+v", p.Fault)
				}
				b.delete("many")
				b.pass(time.Minute)
				if tags.follows() {
					t.Error("tags are read for nobody")
				}
				if told := d.events(mirror.Drifted); len(told) > 0 {
					t.Errorf("told as drift: %+v", told)
				}
				d.stop()
			})
		})
	}
}

// TestTagsUnreadRemoveNothing: neither on one switch nor where several might be meant; after a restart no tags are read at first.
func TestTagsUnreadRemoveNothing(t *testing.T) {
	for _, of := range []func() *fakeVCenter{lab, two} {
		bench(t, func(b *workbench) {
			f := of()
			f.switches[dvs0].sw.Ports[0].Tags = []string{"pci"}
			tags := &tagged{line: &line{fakeVCenter: f}}
			use := func(o *reconcile.Options) { o.VCenters = map[string]reconcile.VCenter{f.name: tags} }
			d := b.daemon(use, f)
			s := ask("pci", "")
			s.Spec.Sources = []mirror.Source{{Selector: mirror.Selector{Tag: "pci"}}}
			b.create(s)
			b.pass(2 * time.Minute)
			b.wantStanding(f, dvs0, "pci")
			calls := b.calls(f, dvs0)
			d.stop()
			tags.FollowTags(false)
			tags.mu.Lock()
			tags.broken = true
			tags.mu.Unlock()
			d = b.daemon(use, f)
			b.pass(10 * time.Minute)
			b.wantStanding(f, dvs0, "pci")
			if p := d.placement("pci"); p.Fault == nil || p.Fault.Reason != mirror.VCenterUnreachable {
				t.Errorf("%v", p.Fault)
			}
			tags.mu.Lock()
			tags.broken = false
			tags.mu.Unlock()
			b.pass(2 * time.Minute)
			if p := d.placement("pci"); !p.Applied || b.calls(f, dvs0) != calls {
				t.Errorf("%+v, %d calls", p.Fault, b.calls(f, dvs0)-calls)
			}
			d.stop()
		})
	}
}

// TestFailure09HostDisconnected: the session stays as it is, and the hosts are shown as they are.
func TestFailure09HostDisconnected(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Hosts = slices.Clone(s.sw.Hosts)
			s.sw.Hosts[0].Connected = false
		})
		b.settle()
		if p := b.wantApplied("web"); p.Hosts[0].Connected || b.calls(f, dvs0) != 1 {
			t.Errorf("%+v, %d calls", p.Hosts, b.calls(f, dvs0))
		}
	})
}

// TestFailure10VMDeleted: its key is released at once, in each session that names it; what else a session mirrors stays.
func TestFailure10VMDeleted(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		both := ask("both", "web-01")
		both.Spec.Sources = append(both.Spec.Sources, mirror.Source{VM: "web-02"})
		b.create(both)
		b.create(ask("one", "web-01"))
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = s.sw.Ports[1:] })
		b.settle()
		b.wantStanding(f, dvs0, "both")
		b.wantPorts(f, "both", "102")
		b.wantApplied("both")
		b.wantFault("one", mirror.SourceGone)
	})
}

// TestPowerAndAdapters: power changes nothing on the switch; an adapter that comes back under a new key is mirrored there.
func TestPowerAndAdapters(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		for _, on := range []bool{false, true} {
			f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[0].Connected = on })
			b.settle()
			if p := b.wantApplied("web"); slices.ContainsFunc(p.Warnings, func(w string) bool { return strings.Contains(w, "powered on") }) == on {
				t.Errorf("powered on %v: %q", on, p.Warnings)
			}
		}
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls", n)
		}
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[0].Key = "301" })
		b.settle()
		b.wantPorts(f, "web", "301")
		b.wantApplied("web")
	})
}

// TestFailure15NamesAreNotIdentity: sessions of the same name are there already, a stranger's and one of another installation.
func TestFailure15NamesAreNotIdentity(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].sw.Sessions = []mirror.VSPAN{
			{Key: "900", Name: "web", Type: mirror.L3Source, FromVM: []string{"101"}, Sampling: 1},
			{Key: "901", Name: "web", Type: mirror.L3Source, Description: "vspan/1 o=there s=uid-web g=1 x=1", Sampling: 1},
		}
		before := slices.Clone(f.switches[dvs0].sw.Sessions)
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.delete("web")
		sessions := b.wantStanding(f, dvs0, "web", "web")
		for i := range sessions {
			if len(sessions[i].Diff(before[i])) > 0 || sessions[i].Key != before[i].Key {
				t.Errorf("%+v", sessions[i])
			}
		}
	})
}

// TestFailure17TwoInstallations: each keeps its own sessions and leaves the other's, ids included, also when state of one is lost.
func TestFailure17TwoInstallations(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		here := b.daemon(nil, f)
		there := &workbench{T: t, ctx: b.ctx, store: b.store, opts: b.opts}
		there.lose("")
		other := there.daemon(func(o *reconcile.Options) { o.Owner = "there" }, f)
		for _, w := range []*workbench{b, there} {
			w.create(ask("web", "web-01"))
			w.create(ask("db", "db-01"))
		}
		sessions := b.wantStanding(f, dvs0, "db", "db", "web", "web")
		ids := make(map[uint16]bool)
		for _, v := range sessions {
			ids[v.ERSPANID] = true
		}
		if len(ids) != 4 {
			t.Errorf("ids %v", ids)
		}
		b.delete("web")
		there.change("db", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.pass(5 * time.Minute)
		b.wantStanding(f, dvs0, "db", "db", "web")
		for _, d := range []*daemon{here, other} {
			if told := d.events(mirror.Drifted); len(told) > 0 || len(d.Orphans()) > 0 {
				t.Errorf("drift %+v, orphans %+v", told, d.Orphans())
			}
		}
		other.stop()
		there.lose("db")
		b.pass(5 * time.Minute)
		b.wantStanding(f, dvs0, "db", "db", "web")
		here.stop()
	})
}

// TestFailure20PartialRead: what cannot be read completely takes nothing down, however little it shows.
func TestFailure20PartialRead(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.create(ask("db", "db-01"))
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Ports = nil
			s.broken = errors.New("page 2 of the ports is missing")
		})
		b.pass(10 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		b.wantFault("web", mirror.VCenterUnreachable)
		b.wantApplied("db")
		b.delete("db")
		b.wantStanding(f, dvs1)
	})
}

// TestFailure37Loop: a vmkernel port and the receiver's own VM are refused, also when a selector catches them.
func TestFailure37Loop(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].vm("104", "web-receiver", "esx-01")
		f.switches[dvs0].sw.Ports = append(f.switches[dvs0].sw.Ports, mirror.Port{Key: "500", Connectee: mirror.VMKernel, Host: "esx-01"})
		b.opts.ReceiverMACs = []string{"00:50:56:00:00:04"}
		b.start(f)
		kernel := ask("kernel", "")
		kernel.Spec.Sources = []mirror.Source{{PortKey: "500"}}
		b.create(kernel)
		b.wantFault("kernel", mirror.SourceRefused)
		b.create(ask("self", "web-receiver"))
		b.wantFault("self", mirror.SourceRefused)
		many := ask("many", "")
		many.Spec.Sources = []mirror.Source{{Selector: mirror.Selector{Name: "web-*"}}, {PortKey: "500"}}
		b.create(many)
		b.wantPorts(f, "many", "101 102")
		b.wantStanding(f, dvs0, "many")
	})
}
