package vcenter

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// premises reads everything as a doctor would.
func premises(t *testing.T, c *Client) doctor.VCenter {
	t.Helper()
	switches, err := c.ObserveAll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Premises(t.Context(), switches)
}

func asUser(s *sim.Simulator, user string) Config {
	config := simConfig(s)
	config.Username = user
	return config
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPremises(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	must(t,
		s.SetVMKernel("esx-01", sim.VMKernel{MTU: 9000}),
		s.SetVMKernel("esx-01", sim.VMKernel{Device: "vmk1", Address: netip.MustParsePrefix("10.9.0.1/24"), Stack: "mirror"}),
		s.SetVMKernel("esx-02", sim.VMKernel{Remove: true}),
		s.SetClock(-time.Hour),
	)
	v := premises(t, startClient(t, asUser(s, "vspan")))
	if v.Fault != "" || v.Network.Fault != "" || v.Rights.Fault != "" || v.User != "vspan" || v.APIVersion != "8.0.3.0" {
		t.Errorf("%+v", v)
	}
	if v.Skew == nil || v.Skew.Round(time.Minute) != -time.Hour {
		t.Errorf("skew %v, want an hour behind", v.Skew)
	}
	if left := time.Until(v.Certificate.NotAfter); v.Certificate.Trust != doctor.TrustThumbprint || left < 80*24*time.Hour || left > 91*24*time.Hour {
		t.Errorf("certificate %+v", v.Certificate)
	}
	one, two := networkOf(v, "esx-01"), networkOf(v, "esx-02")
	if !one.Told || len(one.Adapters) != 2 || one.Adapters[0].MTU != 9000 || one.Adapters[0].Switch != v.Switches[0].ID.UUID {
		t.Errorf("esx-01: %+v", one)
	}
	if vmk1 := one.Adapters[1]; vmk1.Stack != "mirror" || !slices.Equal(vmk1.Prefixes, []netip.Prefix{netip.MustParsePrefix("10.9.0.1/24")}) || vmk1.MTU != 1500 {
		t.Errorf("vmk1: %+v", vmk1)
	}
	if !two.Told || len(two.Adapters) != 0 {
		t.Errorf("esx-02: %+v", two)
	}
	at := slices.IndexFunc(one.Stacks, func(s doctor.Stack) bool { return s.Key == doctor.DefaultStack })
	if at < 0 || len(one.Stacks[at].Routes) == 0 {
		t.Errorf("stacks %+v: want routes of the default one", one.Stacks)
	}
	for _, o := range v.Rights.Objects {
		if len(o.Lacks)+len(o.Beyond) > 0 {
			t.Errorf("%+v: the user has just what is needed", o)
		}
	}
	if n := len(v.Rights.Objects); n != 1+2+4+4 {
		t.Errorf("asked about %d objects, want the switch, 2 hosts, 4 portgroups, 4 VMs: %+v", n, v.Rights.Objects)
	}
}

func networkOf(v doctor.VCenter, host string) doctor.Host {
	for _, sw := range v.Switches {
		for _, h := range sw.Hosts {
			at := slices.IndexFunc(v.Network.Hosts, func(n doctor.Host) bool { return n.ID == h.ID })
			if h.Name == host && at >= 0 {
				return v.Network.Hosts[at]
			}
		}
	}
	return doctor.Host{}
}

func TestPremisesOfRights(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	must(t, s.Deny("vspan", "DVSwitch.Vspan", "DVS0"), s.Deny("vspan", "System.Read", "web-01"))
	lacking := make(map[string][]string)
	for _, o := range premises(t, startClient(t, asUser(s, "vspan"))).Rights.Objects {
		if len(o.Lacks) > 0 {
			lacking[o.Name] = o.Lacks
		}
	}
	if len(lacking) != 2 || !slices.Equal(lacking["DVS0"], []string{Privilege}) || !slices.Equal(lacking["web-01"], []string{"System.Read"}) {
		t.Errorf("lacking %v", lacking)
	}
	for _, o := range premises(t, startClient(t, simConfig(s))).Rights.Objects {
		if !slices.Contains(o.Beyond, "Authorization.ModifyPermissions") {
			t.Errorf("%+v: want the rights of an administrator", o)
		}
	}
}

func TestPremisesOfPorts(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	must(t, s.SetBinding("prod-db", "ephemeral"), s.AddSRIOV("web-01", "prod-web"), s.PassThrough("web-02", "PCI device 0"))
	sw := premises(t, startClient(t, simConfig(s))).Switches[0]
	for _, g := range sw.Portgroups {
		want := mirror.Static
		if g.Name == "prod-db" {
			want = mirror.Ephemeral
		}
		if g.Binding != want && !g.Uplink {
			t.Errorf("portgroup %s is %s, want %s", g.Name, g.Binding, want)
		}
	}
	bypasses := make(map[string]int)
	for _, p := range sw.Ports {
		if p.Bypass == "SR-IOV" {
			bypasses[p.VM]++
		}
		if (p.VM == "web-02") != slices.Equal(p.Passthrough, []string{"PCI device 0"}) {
			t.Errorf("%s has %q passed through", p.VM, p.Passthrough)
		}
	}
	if len(bypasses) != 1 || bypasses["web-01"] != 1 {
		t.Errorf("SR-IOV adapters %v, want one of web-01", bypasses)
	}
	if sw.MTU != 9000 || sw.HiddenHosts != 0 {
		t.Errorf("MTU %d, %d hidden hosts", sw.MTU, sw.HiddenHosts)
	}
}

// What cannot be read is unsaid: a host without a network, a vCenter that does not answer, a wrong password.
func TestPremisesMissing(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{CertificateLife: -time.Minute})
	must(t, s.HideNetwork("esx-01"))
	c := startClient(t, simConfig(s))
	v := premises(t, c)
	if one, two := networkOf(v, "esx-01"), networkOf(v, "esx-02"); one.Told || !two.Told {
		t.Errorf("esx-01 told: %v, esx-02 told: %v", one.Told, two.Told)
	}
	if left := time.Until(v.Certificate.NotAfter); left > 0 {
		t.Errorf("the certificate is valid for %s more", left)
	}
	config := simConfig(s)
	config.Password = NewSecret("wrong")
	wrong := startClient(t, config).Premises(t.Context(), nil)
	if wrong.Fault == "" || wrong.Certificate.NotAfter.IsZero() || len(wrong.Rights.Objects) > 0 {
		t.Errorf("with a wrong password: %+v", wrong)
	}
	nobody := *config.URL
	nobody.Host = "127.0.0.1:1"
	config.URL, config.Password = &nobody, NewSecret("pass")
	away := startClient(t, config).Premises(t.Context(), nil)
	if away.Fault == "" || away.Certificate.Fault == "" || away.Skew != nil {
		t.Errorf("of a vCenter that is away: %+v", away)
	}
}

func TestPremisesOfStockSimulator(t *testing.T) {
	c := startClient(t, startStock(t, simulator.VPX()))
	v := premises(t, c)
	if v.Fault != "" || v.Network.Fault != "" || v.Rights.Fault != "" || len(v.Network.Hosts) == 0 || len(v.Switches) != 1 {
		t.Errorf("%+v", v)
	}
}
