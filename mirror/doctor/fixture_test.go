package doctor_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	dvs0  = mirror.SwitchID{VCenter: "lab", UUID: "50 1e"}
	ours  = netip.MustParseAddr("10.2.1.110")
	owner = "here-0001"
)

// healthy are the facts of a place where all is in order: two hosts, a session of one source, a receiver that received.
func healthy() doctor.Facts {
	port := mirror.Port{
		Key: "112", Portgroup: "prod", PortgroupKey: "pg-1", Connectee: mirror.VMNIC, VM: "web-01", VMID: "vm-1",
		NIC: "Network adapter 1", Host: "esx-01", Connected: true,
	}
	none, free := 0, uint64(10<<30)
	skew := 200 * time.Millisecond
	return doctor.Facts{
		Now: now,
		VCenters: []doctor.VCenter{{
			Name: "lab", Address: "vc.example.com:443", User: "vspan", ReadAt: now, Product: "VMware vCenter Server", Version: "8.0.3", APIVersion: "8.0.3.0",
			Skew: &skew, Certificate: doctor.CertificateFacts{Trust: doctor.TrustThumbprint, NotAfter: now.AddDate(1, 0, 0)},
			Switches: []mirror.Switch{{
				ID: dvs0, Name: "DVS0", Version: "8.0.3", MTU: 9000,
				Capabilities: mirror.Capabilities{L3Source: mirror.Supported, ERSPAN: mirror.Supported, Netstack: mirror.Supported},
				Hosts:        []mirror.Host{{ID: "host-1", Name: "esx-01", Connected: true}, {ID: "host-2", Name: "esx-02", Connected: true}},
				Portgroups: []mirror.Portgroup{
					{Key: "pg-1", Name: "prod", PolicySaid: true, Binding: mirror.Static}, {Key: "pg-2", Name: "uplinks", Uplink: true, Promiscuous: true},
				},
				Ports: []mirror.Port{port},
			}},
			Network: doctor.Network{Hosts: []doctor.Host{aHost("host-1", "10.0.0.11/24"), aHost("host-2", "10.0.0.12/24")}},
			Rights: doctor.Rights{Objects: []doctor.Right{
				{Kind: doctor.SwitchKind, Name: "DVS0"}, {Kind: doctor.HostKind, Name: "esx-01"}, {Kind: doctor.VMKind, Name: "web-01"},
			}},
		}},
		Sessions: []doctor.Session{aSession("web-01", 5, port)},
		Receiver: doctor.Receiver{Known: true, Up: true, Kind: "raw", Addresses: []netip.Addr{ours}, Datagrams: 7},
		Machine:  doctor.Machine{Interfaces: []doctor.Interface{{Name: "eth0", Addresses: []netip.Addr{ours}, ReversePath: &none}}},
		State:    doctor.State{Known: true, Owner: owner, Where: "/var/lib/vspan", Directory: "/var/lib/vspan", Mode: 0o700, FreeBytes: &free, OrphansSet: true},
	}
}

// aHost has vmk0 with a default gateway.
func aHost(id, prefix string) doctor.Host {
	p := netip.MustParsePrefix(prefix)
	return doctor.Host{
		ID: id, Told: true,
		Adapters: []doctor.Adapter{{Device: "vmk0", Stack: doctor.DefaultStack, Prefixes: []netip.Prefix{p}, MTU: 9000, Switch: dvs0.UUID}},
		Stacks: []doctor.Stack{{Key: doctor.DefaultStack, Routes: []doctor.Route{
			{To: netip.MustParsePrefix("0.0.0.0/0"), Gateway: p.Masked().Addr().Next()},
		}}},
	}
}

func aSession(name string, id uint16, ports ...mirror.Port) doctor.Session {
	s := doctor.Session{
		Name: name, UID: "u", Switch: dvs0, Encapsulation: mirror.ERSPAN2, ERSPANID: id, Destinations: []netip.Addr{ours}, Local: true,
	}
	for _, p := range ports {
		s.Sources = append(s.Sources, mirror.PlacedSource{Source: mirror.Source{VM: p.VM}, Port: p})
	}
	return s
}

// of returns the checks of a code.
func of(checks []doctor.Check, code doctor.Code) []doctor.Check {
	var found []doctor.Check
	for _, c := range checks {
		if c.Code == code {
			found = append(found, c)
		}
	}
	return found
}

// worst is the worst check of a code; the test fails when there is none.
func worst(t *testing.T, checks []doctor.Check, code doctor.Code) doctor.Check {
	t.Helper()
	found := of(checks, code)
	if len(found) == 0 {
		t.Fatalf("nothing is said of %s", code)
	}
	return found[0] // what is worse comes first
}
