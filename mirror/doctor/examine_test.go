package doctor_test

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

func TestHealthy(t *testing.T) {
	checks := doctor.Examine(healthy())
	for _, c := range checks {
		if c.Status != doctor.OK || c.Remedy != "" || c.Message == "" || len(c.Subject.Names) == 0 {
			t.Errorf("%s of %s is %s: %s (%s)", c.Code, c.Subject, c.Status, c.Message, c.Remedy)
		}
	}
	for _, code := range doctor.Codes() {
		if len(of(checks, code)) == 0 {
			t.Errorf("nothing is said of %s", code)
		}
	}
	if !reflect.DeepEqual(checks, doctor.Examine(healthy())) {
		t.Error("the same facts give other checks")
	}
}

// ailment is what is wrong with an otherwise healthy place.
type ailment struct {
	name   string
	change func(*doctor.Facts)
	code   doctor.Code
	status doctor.Status
	words  []string // of message, remedy and subject
}

func vc(change func(*doctor.VCenter)) func(*doctor.Facts) {
	return func(f *doctor.Facts) { change(&f.VCenters[0]) }
}

func sw(change func(*mirror.Switch)) func(*doctor.Facts) {
	return func(f *doctor.Facts) { change(&f.VCenters[0].Switches[0]) }
}

func session(change func(*doctor.Session)) func(*doctor.Facts) {
	return func(f *doctor.Facts) { change(&f.Sessions[0]) }
}

// alone leaves no session, so that what could be mirrored is looked at.
func alone(changes ...func(*doctor.Facts)) func(*doctor.Facts) {
	return func(f *doctor.Facts) {
		f.Sessions = nil
		for _, change := range changes {
			change(f)
		}
	}
}

func skewed(d time.Duration) func(*doctor.Facts) {
	return vc(func(v *doctor.VCenter) { v.Skew = &d })
}

func filter(n *int) func(*doctor.Facts) {
	return func(f *doctor.Facts) { f.Machine.Interfaces[0].ReversePath = n }
}

func free(n uint64) func(*doctor.Facts) { return func(f *doctor.Facts) { f.State.FreeBytes = &n } }

func host(change func(*doctor.Host)) func(*doctor.Facts) {
	return func(f *doctor.Facts) { change(&f.VCenters[0].Network.Hosts[1]) }
}

func adapter(change func(*doctor.Adapter)) func(*doctor.Facts) {
	return host(func(h *doctor.Host) { change(&h.Adapters[0]) })
}

// foreign puts a session of somebody else on the switch.
func foreign(v mirror.VSPAN) func(*doctor.Facts) {
	return sw(func(s *mirror.Switch) {
		v.Type, v.Encapsulation, v.Destinations = mirror.L3Source, mirror.ERSPAN3, []netip.Addr{ours}
		s.Sessions = append(s.Sessions, v)
	})
}

var one = 1

var ailments = []ailment{
	{"away", vc(func(v *doctor.VCenter) { v.Fault = "connection refused" }), doctor.VCenterReachable, doctor.Failed, []string{"connection refused", "lab"}},
	{"not asked", vc(func(v *doctor.VCenter) { v.ReadAt = time.Time{} }), doctor.VCenterReachable, doctor.Unknown, nil},
	{"old", vc(func(v *doctor.VCenter) { v.Version, v.APIVersion = "6.0.0", "6.0" }), doctor.VCenterVersion, doctor.Failed, []string{"6.5"}},
	{"nameless API", vc(func(v *doctor.VCenter) { v.APIVersion = "" }), doctor.VCenterVersion, doctor.Unknown, nil},
	{"odd API", vc(func(v *doctor.VCenter) { v.APIVersion = "dev.x" }), doctor.VCenterVersion, doctor.Unknown, nil},
	{"expired", vc(func(v *doctor.VCenter) { v.Certificate.NotAfter = now }), doctor.Certificate, doctor.Failed, []string{"expired on 2026-03-01", "thumbprint"}},
	{"ends soon", vc(func(v *doctor.VCenter) { v.Certificate.NotAfter = now.AddDate(0, 0, 12) }), doctor.Certificate, doctor.Warning, []string{"12 days"}},
	{"unverified", vc(func(v *doctor.VCenter) { v.Certificate.Trust = doctor.TrustNothing }), doctor.Certificate, doctor.Warning, []string{"--vcenter-thumbprint"}},
	{"plain", vc(func(v *doctor.VCenter) { v.Certificate = doctor.CertificateFacts{Trust: doctor.TrustPlain} }), doctor.Certificate, doctor.Warning, []string{"https"}},
	{"unseen", vc(func(v *doctor.VCenter) {
		v.Certificate = doctor.CertificateFacts{Trust: doctor.TrustSystem, Fault: "timeout"}
	}), doctor.Certificate, doctor.Unknown, []string{"timeout", "openssl"}},
	{"not looked at", vc(func(v *doctor.VCenter) { v.Certificate = doctor.CertificateFacts{} }), doctor.Certificate, doctor.Unknown, nil},
	{"seconds ahead", skewed(30 * time.Second), doctor.ClockSkew, doctor.Warning, []string{"30s ahead of", "NTP"}},
	{"minutes behind", skewed(-6 * time.Minute), doctor.ClockSkew, doctor.Failed, []string{"6m0s behind"}},
	{"no time", vc(func(v *doctor.VCenter) { v.Skew = nil }), doctor.ClockSkew, doctor.Unknown, nil},
	{"no switch", vc(func(v *doctor.VCenter) { v.Switches = nil }), doctor.SwitchFound, doctor.Failed, []string{"Read-only"}},
	{"unread", vc(func(v *doctor.VCenter) { v.SwitchFault = "timeout" }), doctor.SwitchFound, doctor.Unknown, []string{"timeout"}},

	{"may not mirror", vc(func(v *doctor.VCenter) { v.Rights.Objects[0].Lacks = []string{"DVSwitch.Vspan"} }), doctor.Privilege, doctor.Failed, []string{"switch DVS0", "lacks DVSwitch.Vspan", "VSPAN operation"}},
	{"may not read", vc(func(v *doctor.VCenter) { v.Rights.Objects[2].Lacks = []string{"System.Read"} }), doctor.Privilege, doctor.Failed, []string{"VM web-01", "System.Read", "Read-only"}},
	{"hidden host", sw(func(s *mirror.Switch) { s.HiddenHosts = 2 }), doctor.Privilege, doctor.Failed, []string{"2 host(s)"}},
	{"hidden VM", sw(func(s *mirror.Switch) {
		s.Ports = append(s.Ports, mirror.Port{Key: "9", Connectee: mirror.VMNIC, VMID: "vm-9"})
	}), doctor.Privilege, doctor.Warning, []string{"1 port(s)"}},
	{"rights unsaid", vc(func(v *doctor.VCenter) { v.Rights = doctor.Rights{Fault: "NotSupported"} }), doctor.Privilege, doctor.Unknown, []string{"NotSupported"}},
	{"rights not asked", vc(func(v *doctor.VCenter) { v.Rights = doctor.Rights{} }), doctor.Privilege, doctor.Unknown, nil},
	{"switch not asked", vc(func(v *doctor.VCenter) { v.Rights.Objects = v.Rights.Objects[1:] }), doctor.Privilege, doctor.Unknown, []string{"DVS0"}},
	{"administrator", vc(func(v *doctor.VCenter) {
		v.Rights.Objects[0].Beyond = []string{"DVSwitch.Modify", "Authorization.ModifyPermissions"}
		v.Rights.Objects[1].Beyond = []string{"DVSwitch.Modify"}
	}), doctor.ExcessPrivilege, doctor.Warning, []string{"as an administrator has: Authorization.ModifyPermissions, DVSwitch.Modify"}},
	{"rights unsaid", vc(func(v *doctor.VCenter) { v.Rights = doctor.Rights{Fault: "NotSupported"} }), doctor.ExcessPrivilege, doctor.Unknown, nil},

	{"no L3", sw(func(s *mirror.Switch) { s.Capabilities.L3Source = mirror.Unsupported }), doctor.CapabilityL3, doctor.Failed, []string{"switch DVS0", "upgrade"}},
	{"L3 unsaid", sw(func(s *mirror.Switch) { s.Capabilities.L3Source = mirror.Unsaid }), doctor.CapabilityL3, doctor.Unknown, nil},
	{"no ERSPAN", sw(func(s *mirror.Switch) { s.Capabilities.ERSPAN = mirror.Unsupported }), doctor.CapabilityERSPAN, doctor.Failed, []string{"gre"}},
	{"no ERSPAN, not wanted", alone(sw(func(s *mirror.Switch) { s.Capabilities.ERSPAN = mirror.Unsupported })), doctor.CapabilityERSPAN, doctor.Warning, nil},
	{"ERSPAN unsaid", sw(func(s *mirror.Switch) { s.Capabilities.ERSPAN = mirror.Unsaid }), doctor.CapabilityERSPAN, doctor.Unknown, nil},
	{"no netstack", func(f *doctor.Facts) {
		f.Sessions[0].Netstack = "mirror"
		f.VCenters[0].Switches[0].Capabilities.Netstack = mirror.Unsupported
	}, doctor.CapabilityNetstack, doctor.Failed, []string{"leave netstack out"}},
	{"no netstack, not wanted", sw(func(s *mirror.Switch) { s.Capabilities.Netstack = mirror.Unsupported }), doctor.CapabilityNetstack, doctor.OK, nil},
	{"netstack unsaid", sw(func(s *mirror.Switch) { s.Capabilities.Netstack = mirror.Unsaid }), doctor.CapabilityNetstack, doctor.Unknown, nil},

	{"promiscuous group", sw(func(s *mirror.Switch) { s.Portgroups[0].Promiscuous = true }), doctor.Promiscuous, doctor.Warning, []string{"portgroup prod", "from-vm"}},
	{"promiscuous source", session(func(s *doctor.Session) { s.Sources[0].Port.Promiscuous = true }), doctor.Promiscuous, doctor.Failed, []string{"port 112", "web-01", "Reject"}},
	{"promiscuous source, from-vm", session(func(s *doctor.Session) {
		s.Sources[0].Port.Promiscuous, s.Sources[0].Direction = true, mirror.FromVM
	}), doctor.Promiscuous, doctor.Warning, nil},
	{"policy unsaid", sw(func(s *mirror.Switch) { s.Portgroups[0].PolicySaid = false }), doctor.Promiscuous, doctor.Unknown, nil},
	{"ephemeral", sw(func(s *mirror.Switch) { s.Portgroups[0].Binding = mirror.Ephemeral }), doctor.PortBinding, doctor.Warning, []string{"ephemeral"}},
	{"ephemeral by key", func(f *doctor.Facts) {
		f.VCenters[0].Switches[0].Portgroups[0].Binding = mirror.Ephemeral
		f.Sessions[0].Sources[0].Source = mirror.Source{PortKey: "112"}
	}, doctor.PortBinding, doctor.Failed, []string{"name the VM"}},
	{"binding unsaid", sw(func(s *mirror.Switch) { s.Portgroups[0].Binding = mirror.BindingUnsaid }), doctor.PortBinding, doctor.Unknown, nil},
	{"SR-IOV source", session(func(s *doctor.Session) { s.Sources[0].Port.Bypass = "SR-IOV" }), doctor.DirectPath, doctor.Failed, []string{"SR-IOV", "VMXNET3"}},
	{"SR-IOV somewhere", alone(sw(func(s *mirror.Switch) { s.Ports[0].Bypass = "SR-IOV" })), doctor.DirectPath, doctor.Warning, []string{"VM web-01"}},
	{"passthrough", session(func(s *doctor.Session) { s.Sources[0].Port.Passthrough = []string{"PCI device 0"} }), doctor.DirectPath, doctor.Warning, []string{"PCI device 0"}},
	{"devices unseen", session(func(s *doctor.Session) { s.Sources[0].Port.NIC = "" }), doctor.DirectPath, doctor.Unknown, nil},
	{"devices unseen somewhere", alone(sw(func(s *mirror.Switch) { s.Ports[0].NIC = "" })), doctor.DirectPath, doctor.Unknown, nil},
	{"source missing", session(func(s *doctor.Session) {
		s.Sources = append(s.Sources, mirror.PlacedSource{Fault: mirror.Faultf(mirror.SourceGone, `VM "gone"`, "there is none")})
	}), doctor.SourcePlaced, doctor.Warning, []string{`VM "gone": there is none`}},
	{"source off", session(func(s *doctor.Session) { s.Sources[0].Port.Connected = false }), doctor.SourcePlaced, doctor.Warning, []string{"power the VM on"}},
	{"not accepted", session(func(s *doctor.Session) { s.Fault = mirror.Faultf(mirror.SourceGone, "", "gone") }), doctor.SourcePlaced, doctor.Failed, []string{"gone"}},
	{"on no switch", session(func(s *doctor.Session) {
		s.Switch, s.Fault = mirror.SwitchID{}, mirror.Faultf(mirror.SwitchNotFound, "", "no such switch")
	}), doctor.SourcePlaced, doctor.Failed, []string{"no such switch"}},
	{"not placed", session(func(s *doctor.Session) { s.Sources = nil }), doctor.SourcePlaced, doctor.Unknown, nil},

	{"host away", sw(func(s *mirror.Switch) { s.Hosts[0].Connected = false }), doctor.HostConnected, doctor.Failed, []string{"host esx-01", "reconnect"}},
	{"spare host away", sw(func(s *mirror.Switch) { s.Hosts[1].Connected = false }), doctor.HostConnected, doctor.Warning, []string{"host esx-02"}},
	{"host unseen", sw(func(s *mirror.Switch) { s.HiddenHosts = 1 }), doctor.HostConnected, doctor.Unknown, nil},
	{"no adapter", host(func(h *doctor.Host) { h.Adapters = nil }), doctor.VMKernel, doctor.Failed, []string{"host esx-02", "no vmkernel adapter", "default TCP/IP stack"}},
	{"no adapter in the stack", session(func(s *doctor.Session) { s.Netstack = "mirror" }), doctor.VMKernel, doctor.Failed, []string{"hosts esx-01, esx-02", `"mirror"`, "leave netstack out"}},
	{"no address", adapter(func(a *doctor.Adapter) { a.Prefixes = nil }), doctor.VMKernel, doctor.Failed, nil},
	{"no address of the family", session(func(s *doctor.Session) { s.Destinations = []netip.Addr{netip.MustParseAddr("fd00::1")} }), doctor.VMKernel, doctor.Failed, []string{"IPv6"}},
	{"no route", host(func(h *doctor.Host) { h.Stacks[0].Routes = nil }), doctor.VMKernel, doctor.Failed, []string{"no route", "esx-02", "esxcli"}},
	{"no routes said", host(func(h *doctor.Host) { h.Stacks = nil }), doctor.VMKernel, doctor.Unknown, nil},
	{"host says nothing", host(func(h *doctor.Host) { h.Told = false }), doctor.VMKernel, doctor.Unknown, []string{"host esx-02"}},
	{"network unread", vc(func(v *doctor.VCenter) { v.Network = doctor.Network{Fault: "timeout"} }), doctor.VMKernel, doctor.Unknown, []string{"timeout"}},
	{"nowhere to send", alone(func(f *doctor.Facts) { f.Receiver.Addresses = nil }), doctor.VMKernel, doctor.Unknown, nil},
	{"small MTU", adapter(func(a *doctor.Adapter) { a.MTU = 1500 }), doctor.MTU, doctor.Warning, []string{"MTU 1500", "fragments", "1550", "1554", "snapLength 1464"}},
	{"MTU beyond the switch's", sw(func(s *mirror.Switch) { s.MTU = 1600 }), doctor.MTU, doctor.Warning, []string{"MTU 9000", "1600"}},
	{"MTU unsaid", adapter(func(a *doctor.Adapter) { a.MTU = 0 }), doctor.MTU, doctor.Unknown, []string{"1550"}},
	{"small MTU, short copies", func(f *doctor.Facts) {
		f.VCenters[0].Network.Hosts[1].Adapters[0].MTU = 1500
		f.Sessions[0].SnapLength = 256
	}, doctor.MTU, doctor.OK, nil},

	{"id of a stranger", foreign(mirror.VSPAN{Name: "theirs", Key: "7", ERSPANID: 5}), doctor.ERSPANID, doctor.Failed, []string{`"theirs" (key 7)`, "10.2.1.110", "session web-01"}},
	{"other id of a stranger", foreign(mirror.VSPAN{Name: "theirs", ERSPANID: 6}), doctor.ERSPANID, doctor.OK, nil},
	{"our own on the switch", foreign(mirror.VSPAN{Name: "web-01", Description: "vspan/1 o=" + owner + " s=u g=1 x=0", ERSPANID: 5}), doctor.ERSPANID, doctor.OK, nil},
	{"id of an orphan", foreign(mirror.VSPAN{Name: "old", Description: "vspan/1 o=" + owner + " s=unknown g=1 x=0", ERSPANID: 5}), doctor.ERSPANID, doctor.Failed, []string{`"old"`}},
	{"id twice of ours", func(f *doctor.Facts) { f.Sessions = append(f.Sessions, aSession("web-02", 5)) }, doctor.ERSPANID, doctor.Failed, []string{"web-02", "session web-01"}},
	{"no id yet", session(func(s *doctor.Session) { s.ERSPANID = 0 }), doctor.ERSPANID, doctor.Unknown, nil},
	{"another vCenter unread", func(f *doctor.Facts) { f.VCenters = append(f.VCenters, doctor.VCenter{Name: "far", Fault: "away"}) }, doctor.ERSPANID, doctor.Unknown, []string{"far"}},

	{"closed", func(f *doctor.Facts) { f.Receiver.Up, f.Receiver.Reason = false, "no ring\nnot permitted" }, doctor.ReceiverListening, doctor.Failed, []string{"no ring; not permitted", "setcap"}},
	{"off and wanted", func(f *doctor.Facts) { f.Receiver.Off = true }, doctor.ReceiverListening, doctor.Failed, []string{"--no-receiver"}},
	{"off", alone(func(f *doctor.Facts) { f.Receiver.Off = true }), doctor.ReceiverListening, doctor.Warning, nil},
	{"not looked at", func(f *doctor.Facts) { f.Receiver = doctor.Receiver{} }, doctor.ReceiverListening, doctor.Unknown, nil},
	{"worse way", func(f *doctor.Facts) { f.Receiver.Worse = "no packet ring: not permitted" }, doctor.ReceiverPath, doctor.Warning, []string{"no packet ring", "CAP_NET_ADMIN"}},
	{"complaint", func(f *doctor.Facts) { f.Receiver.Warnings = []string{"no drop filter"} }, doctor.ReceiverPath, doctor.Warning, []string{"no drop filter"}},
	{"from memory", func(f *doctor.Facts) { f.Receiver.Kind = "memory" }, doctor.ReceiverPath, doctor.Warning, nil},
	{"way unknown", func(f *doctor.Facts) { f.Receiver.Kind = "" }, doctor.ReceiverPath, doctor.Unknown, nil},
	{"no address of ours", func(f *doctor.Facts) { f.Machine.Interfaces[0].Addresses = nil }, doctor.ReceiverAddress, doctor.Failed, []string{"10.2.1.110", "--receiver-address"}},
	{"address elsewhere", func(f *doctor.Facts) { f.Receiver.Interface = "eth1" }, doctor.ReceiverAddress, doctor.Warning, []string{"eth0", "eth1"}},
	{"loopback", func(f *doctor.Facts) {
		f.Receiver.Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.5")}
		f.Machine.Interfaces[0].Addresses = []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	}, doctor.ReceiverAddress, doctor.Failed, []string{"loopback"}},
	{"interfaces unknown", func(f *doctor.Facts) { f.Machine = doctor.Machine{} }, doctor.ReceiverAddress, doctor.Unknown, nil},
	{"strict filter", filter(&one), doctor.ReversePath, doctor.Warning, []string{"eth0", "rp_filter=2"}},
	{"filter unread", filter(nil), doctor.ReversePath, doctor.Unknown, nil},
	{"ring before a strict filter", func(f *doctor.Facts) { filter(&one)(f); f.Receiver.Kind = "ring" }, doctor.ReversePath, doctor.OK, nil},
	{"nothing arrived", func(f *doctor.Facts) { f.Receiver.Datagrams = 0 }, doctor.MirrorPath, doctor.Unknown, []string{"47"}},
	{"dropped", func(f *doctor.Facts) { f.Receiver.Dropped = 3 }, doctor.MirrorPath, doctor.Warning, []string{"dropped 3"}},

	{"nothing kept", func(f *doctor.Facts) { f.State.Directory, f.State.Where = "", "memory" }, doctor.DataDirectory, doctor.Warning, []string{"--data-dir"}},
	{"kept in etcd", func(f *doctor.Facts) { f.State.Directory, f.State.Where = "", "etcd at [x]" }, doctor.DataDirectory, doctor.OK, []string{"etcd at"}},
	{"nearly full", free(100 << 20), doctor.DataDirectory, doctor.Warning, []string{"100 MiB"}},
	{"full", free(1 << 20), doctor.DataDirectory, doctor.Failed, nil},
	{"readable", func(f *doctor.Facts) { f.State.Mode = 0o755 }, doctor.DataDirectory, doctor.Warning, []string{"0755", "chmod 700"}},
	{"broken", func(f *doctor.Facts) { f.State.Fault = "no leader" }, doctor.DataDirectory, doctor.Failed, []string{"no leader"}},
	{"free unread", func(f *doctor.Facts) { f.State.FreeBytes = nil }, doctor.DataDirectory, doctor.Unknown, nil},
	{"state unknown", func(f *doctor.Facts) { f.State = doctor.State{} }, doctor.DataDirectory, doctor.Unknown, nil},
	{"orphans", func(f *doctor.Facts) { f.State.Orphans = []doctor.Orphan{{Switch: "DVS0", Name: "old"}} }, doctor.Installation, doctor.Warning, []string{`"old" on DVS0`, "orphans list"}},
	{"others", foreign(mirror.VSPAN{Description: "vspan/1 o=there-0001 s=u g=1 x=0", ERSPANID: 9}), doctor.Installation, doctor.OK, []string{"there-0001"}},
	{"orphans not looked for", func(f *doctor.Facts) { f.State.OrphansSet = false }, doctor.Installation, doctor.Unknown, nil},
}

func TestAilments(t *testing.T) {
	for _, a := range ailments {
		t.Run(a.code.String()+"/"+a.name, func(t *testing.T) {
			f := healthy()
			a.change(&f)
			found := of(doctor.Examine(f), a.code)
			at := slices.IndexFunc(found, func(c doctor.Check) bool { return c.Status == a.status })
			if at < 0 || a.status == doctor.OK && at > 0 { // what is worse comes first
				t.Fatalf("got %+v", found)
			}
			c := found[at]
			if (c.Remedy == "") != (c.Status == doctor.OK) {
				t.Errorf("%s: %s (%s)", c.Status, c.Message, c.Remedy)
			}
			text := c.Subject.String() + ": " + c.Message + " | " + c.Remedy
			for _, w := range a.words {
				if !strings.Contains(text, w) {
					t.Errorf("%q does not say %q", text, w)
				}
			}
		})
	}
}

// Each check is shown to come out in order (TestHealthy), not in order, and unknown.
func TestEachCheckCanFailAndBeUnknown(t *testing.T) {
	for _, code := range doctor.Codes() {
		amiss, unknown := false, false
		for _, a := range ailments {
			amiss = amiss || a.code == code && (a.status == doctor.Failed || a.status == doctor.Warning)
			unknown = unknown || a.code == code && a.status == doctor.Unknown
		}
		if !amiss || !unknown {
			t.Errorf("%s: shown not in order %v, shown unknown %v", code, amiss, unknown)
		}
	}
}

// Of nothing nothing is known.
func TestNoFacts(t *testing.T) {
	f := doctor.Facts{VCenters: []doctor.VCenter{{}}, Sessions: []doctor.Session{{Name: "x", Encapsulation: mirror.ERSPAN2}}}
	for _, c := range slices.Concat(doctor.Examine(doctor.Facts{}), doctor.Examine(f), doctor.Concerning(doctor.Facts{}, f.Sessions[0])) {
		if c.Status != doctor.Unknown || c.Remedy == "" {
			t.Errorf("%s is %s: %s", c.Code, c.Status, c.Message)
		}
	}
}
