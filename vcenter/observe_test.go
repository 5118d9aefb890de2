package vcenter

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// What is read is what the simulator has: every adapter of every VM, with its port, host, label and address.
func TestObserveMapsConnectees(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{Hosts: 3, VMs: 40})
	if err := s.PowerVM("web-02", false); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddNIC("web-01", "prod-db"); err != nil {
		t.Fatal(err)
	}
	sw := observe(t, startClient(t, simConfig(s)))

	type row struct {
		Key, Portgroup, VM, NIC, MAC, Host string
		Connected                          bool
	}
	var want, got []row
	for _, v := range s.State().VMs {
		for _, n := range v.NICs {
			want = append(want, row{n.PortKey, n.Portgroup, v.Name, n.Label, n.MAC, v.Host, v.Powered})
		}
	}
	kinds := make(map[mirror.Connectee]int)
	for _, p := range sw.Ports {
		kinds[p.Connectee]++
		if p.Connectee != mirror.VMNIC {
			if p.Host == "" || p.VM != "" || p.MAC == "" {
				t.Errorf("a host's port: %+v", p)
			}
			continue
		}
		if p.VMID == "" || p.Folder != "vm" || p.Counters.PortKey != p.Key || p.Counters.At.IsZero() {
			t.Errorf("a VM's port: %+v", p)
		}
		got = append(got, row{p.Key, p.Portgroup, p.VM, p.NIC, p.MAC, p.Host, p.Connected})
	}
	byKey := cmpopts.SortSlices(func(a, b row) bool { return a.Key < b.Key })
	if diff := cmp.Diff(want, got, byKey); diff != "" {
		t.Errorf("ports (-simulator +observed):\n%s", diff)
	}
	if len(want) != 41 || kinds[mirror.VMKernel] != 3 || kinds[mirror.Uplink] != 3 {
		t.Errorf("got %d adapters of the simulator and connectees %v", len(want), kinds)
	}
}

func TestObserveSwitch(t *testing.T) {
	s := startSim(t, sim.Options{})
	if err := s.SetPromiscuous("prod-db", true); err != nil {
		t.Fatal(err)
	}
	if err := s.DisconnectHost("esx-02"); err != nil {
		t.Fatal(err)
	}
	web := portOf(t, observe(t, startClient(t, simConfig(s))), "web-01").Key
	key, err := s.AddForeignSession(sim.SessionSpec{Name: "theirs", FromVM: []string{web}, ToVM: []string{web}, Destinations: []string{"127.0.0.9"}, Enabled: true, Encapsulation: "erspan3", ERSPANID: 7, Nanoseconds: true, COS: 3, SnapLength: 96, Sampling: 4})
	if err != nil {
		t.Fatal(err)
	}
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	state := s.State()

	if sw.ID != (mirror.SwitchID{VCenter: "lab", UUID: state.Switch.UUID}) || sw.Name != "DVS0" || sw.Version == "" || sw.ConfigVersion != state.Switch.ConfigVersion || sw.ReadAt.IsZero() {
		t.Errorf("got %+v", sw)
	}
	if sw.Capabilities != (mirror.Capabilities{L3Source: mirror.Supported, ERSPAN: mirror.Supported, Netstack: mirror.Supported}) {
		t.Errorf("got capabilities %+v", sw.Capabilities)
	}
	wantSession := mirror.VSPAN{
		Key: key, Name: "theirs", Enabled: true, Type: mirror.L3Source, Encapsulation: mirror.ERSPAN3, ERSPANID: 7, COS: 3, Nanoseconds: true,
		Destinations: []netip.Addr{netip.MustParseAddr("127.0.0.9")}, FromVM: []string{web}, ToVM: []string{web}, SnapLength: 96, Sampling: 4,
	}
	if diff := cmp.Diff([]mirror.VSPAN{wantSession}, sw.Sessions, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	for _, h := range sw.Hosts {
		var own []netip.Addr
		for _, a := range h.Adapters {
			if own = append(own, a.Addresses...); a.Device == "" {
				t.Errorf("%s has a vmkernel adapter without a name: %+v", h.Name, a)
			}
		}
		if slices.SortFunc(own, netip.Addr.Compare); !slices.Equal(slices.Compact(own), h.Addresses) {
			t.Errorf("%s has the addresses %v, and its adapters %v", h.Name, h.Addresses, own)
		}
		if i := slices.IndexFunc(state.Hosts, func(s sim.HostState) bool { return s.Name == h.Name }); i < 0 || !slices.Contains(h.Addresses, netip.MustParseAddr(state.Hosts[i].Address)) || h.Connected != state.Hosts[i].Connected {
			t.Errorf("host %+v is not as the simulator has it: %+v", h, state.Hosts)
		}
	}
	if len(sw.Hosts) != 2 {
		t.Errorf("got %d hosts, want 2", len(sw.Hosts))
	}
	uplinks := 0
	for _, g := range sw.Portgroups {
		if g.Uplink {
			uplinks++
		}
		if g.Promiscuous != (g.Name == "prod-db") {
			t.Errorf("portgroup %+v", g)
		}
	}
	if uplinks != 1 {
		t.Errorf("got %d uplink portgroups, want 1", uplinks)
	}
	for _, p := range sw.Ports {
		if p.Promiscuous != (p.Portgroup == "prod-db") {
			t.Errorf("port %+v of %s", p.Promiscuous, p.Portgroup)
		}
		if mirrored := p.Key == web; mirrored != slices.Equal(p.MirroredBy, []string{key}) {
			t.Errorf("port %s is mirrored by %v", p.Key, p.MirroredBy)
		}
	}

	all, err := c.ObserveAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ignore := cmpopts.IgnoreFields(mirror.Port{}, "Counters")
	if diff := cmp.Diff([]mirror.Switch{sw}, all, cmpopts.EquateComparable(netip.Addr{}), ignore, cmpopts.IgnoreFields(mirror.Switch{}, "ReadAt")); diff != "" {
		t.Errorf("ObserveAll differs from Observe:\n%s", diff)
	}
}

func portOf(t *testing.T, sw mirror.Switch, vm string) mirror.Port {
	t.Helper()
	for _, p := range sw.Ports {
		if p.VM == vm {
			return p
		}
	}
	t.Fatalf("VM %q has no port", vm)
	return mirror.Port{}
}

func TestMissingSwitch(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	uuid := s.State().Switch.UUID
	_, err := c.FindSwitch(t.Context(), "DVS9")
	wantFault(t, err, mirror.SwitchNotFound, `"DVS9"`, `"DVS0"`, uuid, "lab")
	_, err = c.Observe(t.Context(), mirror.SwitchID{VCenter: "lab", UUID: "00-11"})
	wantFault(t, err, mirror.SwitchNotFound, "00-11", `"DVS0"`)
	_, err = c.Counters(t.Context(), mirror.SwitchID{VCenter: "lab", UUID: "00-11"}, []string{"1"})
	wantFault(t, err, mirror.SwitchNotFound, "00-11")
	_, err = c.Observe(t.Context(), mirror.SwitchID{VCenter: "other", UUID: uuid})
	wantFault(t, err, mirror.SwitchNotFound, `"other"`)
	name, err := c.FindSwitch(t.Context(), "DVS0")
	if err != nil || name.ID.UUID != uuid {
		t.Errorf("got %+v, %v", name, err)
	}
}

func TestCounters(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	web, db := portOf(t, sw, "web-01").Key, portOf(t, sw, "db-01").Key
	eventually(t, "the counters move", func() bool {
		got, err := c.Counters(t.Context(), sw.ID, []string{web, db, web, "999999"})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0].PortKey >= got[1].PortKey || got[0].At.IsZero() {
			t.Fatalf("got %+v, want the two ports there are", got)
		}
		moved := func(v mirror.Volume) bool { return v.Packets > 0 && v.Bytes > v.Packets }
		return moved(got[0].FromVM) && moved(got[0].ToVM) && moved(got[1].FromVM)
	})
	if got, err := c.Counters(t.Context(), sw.ID, nil); got != nil || err != nil {
		t.Errorf("got %v, %v for no ports", got, err)
	}
}

func TestMayMirror(t *testing.T) {
	s := startSim(t, sim.Options{})
	reader := simConfig(s)
	reader.Username = "reader"
	for config, want := range map[*Config]bool{new(simConfig(s)): true, &reader: false} {
		c := startClient(t, *config)
		if got, err := c.MayMirror(t.Context(), only(t, c).ID); got != want || err != nil {
			t.Errorf("user %q: got %t, %v, want %t", config.Username, got, err, want)
		}
	}
}
