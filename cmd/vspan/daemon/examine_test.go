package daemon

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// examined looks, without a daemon, at a simulator that was changed.
func examined(t *testing.T, o sim.Options, change func(*testing.T, *sim.Simulator), config func(*Config)) []doctor.Check {
	t.Helper()
	s, c := beside(t, o, "vspan", "pass")
	if change != nil {
		change(t, s)
	}
	if config != nil {
		config(&c)
	}
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return doctor.Examine(d.Examine(t.Context()))
}

// doing is a change of the simulator.
func doing(act func(*sim.Simulator) error) func(*testing.T, *sim.Simulator) {
	return func(t *testing.T, s *sim.Simulator) {
		t.Helper()
		if err := act(s); err != nil {
			t.Fatal(err)
		}
	}
}

// withUser logs in as somebody else.
func withUser(name, password string) func(*Config) {
	return func(c *Config) {
		c.VCenters[0].Username, c.VCenters[0].Password = name, vcenter.NewSecret(password)
	}
}

// TestExamine looks at a real vCenter's answers over HTTP: a healthy place, and one thing after the other that is not as it should be.
func TestExamine(t *testing.T) {
	for _, c := range []struct {
		name    string
		options sim.Options
		change  func(*testing.T, *sim.Simulator)
		config  func(*Config)
		code    doctor.Code
		status  doctor.Status
		subject string
	}{
		{name: "wrong password", config: withUser("vspan", "wrong"), code: doctor.VCenterReachable, status: doctor.Failed, subject: "lab"},
		{name: "expired", options: sim.Options{CertificateLife: -time.Minute}, code: doctor.Certificate, status: doctor.Failed, subject: "lab"},
		{name: "ends soon", options: sim.Options{CertificateLife: 48 * time.Hour}, code: doctor.Certificate, status: doctor.Warning, subject: "lab"},
		{name: "clock", change: doing(func(s *sim.Simulator) error { return s.SetClock(time.Hour) }), code: doctor.ClockSkew, status: doctor.Failed, subject: "lab"},
		{name: "may only look", config: withUser("reader", "pass"), code: doctor.Privilege, status: doctor.Failed, subject: "DVS0"},
		{
			name:   "may not read a host",
			change: doing(func(s *sim.Simulator) error { return s.Deny("vspan", "System.Read", "esx-01") }),
			code:   doctor.Privilege, status: doctor.Failed, subject: "esx-01",
		},
		{name: "administrator", config: withUser("user", "pass"), code: doctor.ExcessPrivilege, status: doctor.Warning, subject: "lab"},
		{name: "no L3", change: capability(sim.Capability{ERSPAN: true, Netstack: true}), code: doctor.CapabilityL3, status: doctor.Failed, subject: "DVS0"},
		{name: "no ERSPAN", change: capability(sim.Capability{L3Source: true}), code: doctor.CapabilityERSPAN, status: doctor.Warning, subject: "DVS0"},
		{name: "stock", options: sim.Options{Stock: true}, code: doctor.CapabilityL3, status: doctor.Unknown, subject: "DVS0"},
		{name: "promiscuous", change: doing(func(s *sim.Simulator) error { return s.SetPromiscuous("prod-db", true) }), code: doctor.Promiscuous, status: doctor.Warning, subject: "prod-db"},
		{name: "ephemeral", change: doing(func(s *sim.Simulator) error { return s.SetBinding("prod-db", "ephemeral") }), code: doctor.PortBinding, status: doctor.Warning, subject: "prod-db"},
		{name: "SR-IOV", change: doing(func(s *sim.Simulator) error { return s.AddSRIOV("db-01", "prod-db") }), code: doctor.DirectPath, status: doctor.Warning, subject: "db-01"},
		{name: "host away", change: doing(func(s *sim.Simulator) error { return s.DisconnectHost("esx-02") }), code: doctor.HostConnected, status: doctor.Warning, subject: "esx-02"},
		{name: "no adapter", change: vmkernel("esx-02", sim.VMKernel{Remove: true}), code: doctor.VMKernel, status: doctor.Failed, subject: "esx-02"},
		{name: "other stack", change: vmkernel("esx-02", sim.VMKernel{Stack: "mirror"}), code: doctor.VMKernel, status: doctor.Failed, subject: "esx-02"},
		{name: "silent host", change: doing(func(s *sim.Simulator) error { return s.HideNetwork("esx-02") }), code: doctor.VMKernel, status: doctor.Unknown, subject: "esx-02"},
		{name: "default MTU", code: doctor.MTU, status: doctor.Warning, subject: "esx-01"},
		{name: "MTU", change: vmkernel("esx-02", sim.VMKernel{MTU: 9000}), code: doctor.MTU, status: doctor.OK, subject: "esx-02"},
		{
			name: "receiver broken", config: func(c *Config) { c.Receiver.Source = &brokenSource{openErr: errNoDevice} },
			code: doctor.ReceiverListening, status: doctor.Failed, subject: "local",
		},
		{name: "receiver off", config: func(c *Config) { c.Receiver.Off = true }, code: doctor.ReceiverListening, status: doctor.Warning, subject: "local"},
		{
			name: "not our address", config: func(c *Config) { c.Receiver.Addresses = []netip.Addr{netip.MustParseAddr("192.0.2.1")} },
			code: doctor.ReceiverAddress, status: doctor.Failed, subject: "local",
		},
		{name: "no data directory", code: doctor.DataDirectory, status: doctor.Warning, subject: "vspan"},
		{name: "data directory to be made", config: func(c *Config) { c.DataDir = "/proc/self/cwd/made-later" }, code: doctor.DataDirectory, status: doctor.OK, subject: "vspan"},
		{name: "data directory is a file", config: func(c *Config) { c.DataDir = "/proc/self/exe" }, code: doctor.DataDirectory, status: doctor.Failed, subject: "vspan"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checks := examined(t, c.options, c.change, c.config)
			if !slices.ContainsFunc(checks, func(k doctor.Check) bool {
				return k.Code == c.code && k.Status == c.status && slices.Contains(k.Subject.Names, c.subject)
			}) {
				t.Errorf("%s of %s is not %s: %+v", c.code, c.subject, c.status, checks)
			}
		})
	}
}

func vmkernel(host string, v sim.VMKernel) func(*testing.T, *sim.Simulator) {
	return doing(func(s *sim.Simulator) error { return s.SetVMKernel(host, v) })
}

func capability(c sim.Capability) func(*testing.T, *sim.Simulator) {
	return doing(func(s *sim.Simulator) error {
		s.SetCapability(c)
		return nil
	})
}

// In a place where all is in order nothing failed, and what is not ok is what cannot be known, or is so by default.
func TestExamineInOrder(t *testing.T) {
	checks := examined(t, sim.Options{}, nil, func(c *Config) { c.DataDir = t.TempDir() })
	for _, c := range checks {
		expected := slices.Contains([]doctor.Code{
			doctor.MTU,           // 1500, as hosts have it
			doctor.ReceiverPath,  // memory, in this test
			doctor.MirrorPath,    // nothing arrived yet
			doctor.Installation,  // the state is not opened
			doctor.DataDirectory, // a test's directory may be readable for others
		}, c.Code)
		if c.Status != doctor.OK && !expected {
			t.Errorf("%s of %s is %s: %s", c.Code, c.Subject, c.Status, c.Message)
		}
	}
	for _, code := range doctor.Codes() {
		if !slices.ContainsFunc(checks, func(c doctor.Check) bool { return c.Code == code }) && code != doctor.ERSPANID && code != doctor.SourcePlaced {
			t.Errorf("nothing is said of %s", code)
		}
	}
}

// Looking changes nothing, and tells nobody the password.
func TestExamineChangesNothing(t *testing.T) {
	s, c := beside(t, sim.Options{}, "user", "pass")
	d, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	before := s.State()
	for _, check := range doctor.Examine(d.Examine(t.Context())) {
		if strings.Contains(check.Message+check.Remedy, "pass\"") {
			t.Errorf("%+v", check)
		}
	}
	after := s.State()
	if before.Switch != after.Switch || len(after.Sessions) != 0 {
		t.Errorf("before %+v, after %+v", before.Switch, after.Switch)
	}
}
