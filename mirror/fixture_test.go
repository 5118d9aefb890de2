package mirror_test

import (
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const owner = "here"

var (
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	receiver = netip.MustParseAddr("10.2.1.110")
)

// dvs0 is a switch with two web VMs, a VM with two adapters, and one port of each kind that cannot be mirrored.
func dvs0() mirror.Switch {
	vm := func(key, name, id, nic, mac string) mirror.Port {
		return mirror.Port{
			Key: key, Portgroup: "prod-web", PortgroupKey: "dvportgroup-1", Connectee: mirror.VMNIC, VM: name, VMID: id, NIC: nic,
			MAC: mac, Host: "esx-01", Connected: true, LinkUp: true, Folder: "prod",
		}
	}
	promiscuous := vm("105", "ids-01", "vm-5", "Network adapter 1", "00:50:56:00:00:05")
	promiscuous.Promiscuous, promiscuous.Portgroup, promiscuous.PortgroupKey = true, "sniffers", "dvportgroup-2"
	return mirror.Switch{
		ID: mirror.SwitchID{VCenter: "default", UUID: "50 0a"}, Name: "DVS0", Version: "8.0.0", ConfigVersion: "17",
		Portgroups: []mirror.Portgroup{
			{Key: "dvportgroup-1", Name: "prod-web"}, {Key: "dvportgroup-2", Name: "sniffers", Promiscuous: true},
			{Key: "dvportgroup-8", Name: "empty"}, {Key: "dvportgroup-9", Name: "uplinks", Uplink: true},
		},
		Ports: []mirror.Port{
			vm("101", "web-01", "vm-1", "Network adapter 1", "00:50:56:00:00:01"),
			vm("102", "web-02", "vm-2", "Network adapter 1", "00:50:56:00:00:02"),
			vm("103", "db-01", "vm-3", "Network adapter 1", "00:50:56:00:00:03"),
			vm("104", "db-01", "vm-3", "Network adapter 2", "00:50:56:00:00:04"),
			promiscuous,
			vm("106", "vspan", "vm-6", "Network adapter 1", "00:50:56:00:00:06"),
			vm("107", "twin", "vm-7", "Network adapter 1", "00:50:56:00:00:07"),
			vm("108", "twin", "vm-8", "Network adapter 1", "00:50:56:00:00:08"),
			{Key: "10", Connectee: mirror.VMKernel, Host: "esx-01", Portgroup: "mgmt", PortgroupKey: "dvportgroup-7"},
			{Key: "1", Connectee: mirror.Uplink, Host: "esx-01", Portgroup: "uplinks", PortgroupKey: "dvportgroup-9"},
			{Key: "2", Connectee: mirror.NoConnectee, Portgroup: "prod-web", PortgroupKey: "dvportgroup-1"},
		},
		OtherVMs: []string{"standalone", "vmkless"},
	}
}

// session is an enabled session of a VM that sends erspan2 with an id to the local receiver.
func session(name, vm string, id uint16) mirror.Session {
	return mirror.Session{
		Name: name, UID: "uid-" + name, Generation: 1, CreatedAt: noon.Add(-time.Hour), Notes: mirror.Notes{ERSPANID: id, Receiver: receiver},
		Spec: mirror.Spec{
			Sources:       []mirror.Source{{VM: vm}},
			Destination:   mirror.Destination{Receiver: mirror.LocalReceiver},
			Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN2},
			Sampling:      1, Enabled: true, Life: mirror.Life{For: 2 * time.Hour},
		},
		ExpiresAt: noon.Add(time.Hour),
	}
}

func with(s mirror.Session, change func(*mirror.Session)) mirror.Session {
	s = s.Clone()
	change(&s)
	return s
}

func wanted(sw mirror.Switch, sessions ...mirror.Session) mirror.Wanted {
	return mirror.Wanted{
		Switch: sw, Sessions: sessions, Owner: owner, Receivers: []netip.Addr{receiver},
		ReceiverMACs: []string{"00:50:56:00:00:06"}, Now: noon,
	}
}

// carryOut is what a vCenter without quirks makes of changes: an edit sets what it says and leaves what it leaves out, because the
// API cannot send an empty field.
func carryOut(t interface{ Fatalf(string, ...any) }, sw mirror.Switch, changes []mirror.Change) mirror.Switch {
	sw.Sessions = slices.Clone(sw.Sessions)
	next := 1000
	for _, v := range sw.Sessions {
		if n, err := strconv.Atoi(v.Key); err == nil && n >= next {
			next = n + 1
		}
	}
	for _, c := range changes {
		at := slices.IndexFunc(sw.Sessions, func(v mirror.VSPAN) bool { return v.Key == c.Session.Key })
		switch {
		case c.Operation == mirror.Add:
			c.Session.Key = strconv.Itoa(next)
			next++
			sw.Sessions = append(sw.Sessions, c.Session)
		case at < 0:
			t.Fatalf("%v of session %q: no key %q on the switch", c.Operation, c.Session.Name, c.Session.Key)
		case c.Operation == mirror.Remove:
			sw.Sessions = slices.Delete(sw.Sessions, at, at+1)
		default:
			sw.Sessions[at] = edited(sw.Sessions[at], c.Session)
		}
	}
	return sw
}

func edited(have, to mirror.VSPAN) mirror.VSPAN {
	keep := func(to, have []string) []string {
		if len(to) == 0 {
			return have
		}
		return to
	}
	to.FromVM, to.ToVM = keep(to.FromVM, have.FromVM), keep(to.ToVM, have.ToVM)
	if to.SnapLength == 0 {
		to.SnapLength = have.SnapLength
	}
	if to.ERSPANID == 0 {
		to.ERSPANID = have.ERSPANID
	}
	if to.COS == 0 {
		to.COS = have.COS
	}
	if to.Netstack == "" {
		to.Netstack = have.Netstack
	}
	to.Other = have.Other
	return to
}

// applied is the switch after the plan for the sessions was carried out.
func applied(t *testing.T, sw mirror.Switch, sessions ...mirror.Session) mirror.Switch {
	t.Helper()
	return carryOut(t, sw, mirror.MakePlan(wanted(sw, sessions...)).Changes)
}
