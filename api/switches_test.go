package api

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func inventory(uid string) []mirror.Switch {
	return []mirror.Switch{
		{ID: mirror.SwitchID{VCenter: "b", UUID: "50 03"}, Name: "DVS1"},
		{
			ID: mirror.SwitchID{VCenter: "a", UUID: "50 01"}, Name: "DVS0", Version: "8.0.0", ConfigVersion: "17", ReadAt: begin,
			Capabilities: mirror.Capabilities{L3Source: mirror.Supported, ERSPAN: mirror.Unsupported},
			Hosts:        []mirror.Host{{ID: "host-1", Name: "esx-01", Connected: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.11")}}},
			Ports: []mirror.Port{
				{Key: "9", Connectee: mirror.Uplink, Portgroup: "uplinks"},
				{Key: "112", Connectee: mirror.VMNIC, VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", Portgroup: "prod", Host: "esx-01",
					Connected: true, LinkUp: true, MirroredBy: []string{"12"},
					Counters: mirror.PortCounters{FromVM: mirror.Volume{Packets: 1, Bytes: 100}, ToVM: mirror.Volume{Packets: 2, Bytes: 200}}},
				{Key: "113", Connectee: mirror.VMNIC, VM: "web-02"},
			},
			Sessions: []mirror.VSPAN{
				{Key: "14", Name: "theirs", Description: "of the network team", Enabled: true, Type: "remoteMirrorDest"},
				{Key: "12", Name: "ours", Type: mirror.L3Source, Description: mirror.Marker{Owner: "here", UID: uid, Generation: 1}.String()},
				{Key: "13", Name: "orphan", Type: mirror.L3Source, Description: mirror.Marker{Owner: "here", UID: "forgotten", Generation: 1}.String(),
					Encapsulation: mirror.ERSPAN3, ERSPANID: 9, Destinations: []netip.Addr{netip.MustParseAddr("10.2.1.110")}, FromVM: []string{"112"}, ToVM: []string{"113", "112"}},
				{Key: "15", Name: "another installation", Type: mirror.L3Source, Description: mirror.Marker{Owner: "there", UID: uid, Generation: 1}.String()},
			},
		},
		{ID: mirror.SwitchID{VCenter: "b", UUID: "50 02"}, Name: "DVS0"},
	}
}

func TestSwitches(t *testing.T) {
	f := newFixture(t)
	f.vcenter.switches = inventory("")
	list := decoded[wire.SwitchList](f.call("GET", "/v1/switches", "").want(200))
	var order []string
	for _, s := range list.Items {
		order = append(order, s.VCenter+"/"+s.Name)
	}
	if diff := cmp.Diff([]string{"a/DVS0", "b/DVS0", "b/DVS1"}, order); diff != "" {
		t.Error(diff)
	}
	want := wire.Switch{
		Name: "DVS0", UUID: "50 01", VCenter: "a", Version: "8.0.0", ConfigVersion: "17", ReadAt: begin,
		Hosts:        []wire.Host{{Name: "esx-01", Connected: true, Addresses: []string{"10.0.0.11"}}},
		Capabilities: wire.Capabilities{L3Source: "yes", ERSPAN: "no", Netstack: "unknown"},
	}
	if diff := cmp.Diff(want, list.Items[0]); diff != "" {
		t.Error(diff)
	}
	if f.vcenter.fresh {
		t.Error("vCenter was read though nobody asked")
	}
	if got := decoded[wire.SwitchList](f.call("GET", "/v1/switches?vcenter=b&fresh=true&pageSize=1", "").want(200)); len(got.Items) != 1 || got.NextPageToken == "" || !f.vcenter.fresh {
		t.Errorf("got %+v", got)
	}
	f.vcenter.err = mirror.Faultf(mirror.VCenterUnreachable, `vCenter "a"`, "no answer")
	f.call("GET", "/v1/switches", "").problem(503, "vcenter_unreachable", "")
}

func TestPorts(t *testing.T) {
	f := newFixture(t)
	f.vcenter.switches = inventory("")
	list := decoded[wire.PortList](f.call("GET", "/v1/switches/DVS0/ports?vcenter=a&vm=web-01", "").want(200))
	want := []wire.Port{{
		PortKey: "112", Portgroup: "prod", VM: "web-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", Host: "esx-01",
		Connectee: "vmVnic", Connected: true, LinkUp: true, BytesIn: 100, BytesOut: 200, MirroredBy: []string{"12"},
	}}
	if diff := cmp.Diff(want, list.Items); diff != "" {
		t.Error(diff)
	}
	if all := decoded[wire.PortList](f.call("GET", "/v1/switches/DVS0/ports?vcenter=a", "").want(200)); len(all.Items) != 3 || all.Items[0].Connectee != "pnic" {
		t.Errorf("got %+v", all)
	}
	if first := f.vcenter.switches[1].Ports[0].Key; first != "9" {
		t.Error("the inventory's own list was sorted")
	}
	f.call("GET", "/v1/switches/DVS0/ports", "").problem(409, "switch_ambiguous", "")
	f.call("GET", "/v1/switches/DVS1/ports", "").want(200)
	f.call("GET", "/v1/switches/DVS%2F9/ports", "").problem(404, "switch_not_found", "")
}

// A switch that is named is read alone, and what was last read of it is no answer when it cannot be read.
func TestFreshPorts(t *testing.T) {
	f := newFixture(t)
	f.vcenter.switches = inventory("")
	now := f.vcenter.switches[1]
	now.Ports = now.Ports[:1]
	f.vcenter.now = &now
	if list := decoded[wire.PortList](f.call("GET", "/v1/switches/DVS0/ports?vcenter=a&fresh=true", "").want(200)); len(list.Items) != 1 {
		t.Errorf("got %+v", list.Items)
	}
	if f.vcenter.fresh {
		t.Error("every switch was read")
	}
	f.vcenter.away = mirror.Faultf(mirror.VCenterUnreachable, `vCenter "a"`, "no answer")
	f.call("GET", "/v1/switches/DVS0/ports?vcenter=a&fresh=true", "").problem(503, "vcenter_unreachable", "")
	f.call("GET", "/v1/switches/DVS0/ports?vcenter=a", "").want(200)
	f.call("GET", "/v1/switches/DVS9/ports?fresh=true", "").problem(404, "switch_not_found", "")
	if !f.vcenter.fresh {
		t.Error("nobody looked whether the switch has got its name since")
	}
}

func TestForeignSessions(t *testing.T) {
	f := newFixture(t)
	ours := f.call("PUT", "/v1/sessions/ours", spec1).want(201).session()
	f.vcenter.switches = inventory(ours.UID)
	list := decoded[wire.ForeignSessionList](f.call("GET", "/v1/switches/DVS0/foreign-sessions?vcenter=a", "").want(200))
	var got []string
	for _, s := range list.Items {
		got = append(got, s.Key)
	}
	if diff := cmp.Diff([]string{"15", "13", "14"}, got); diff != "" {
		t.Fatal(diff)
	}
	want := wire.ForeignSession{
		Key: "13", Name: "orphan", Description: "vspan/1 o=here s=forgotten g=1 x=0", Type: mirror.L3Source, Encapsulation: "erspan3", ERSPANID: 9,
		Destinations: []string{"10.2.1.110"}, Sources: []string{"112", "113"}, Orphan: true,
	}
	if diff := cmp.Diff(want, list.Items[1]); diff != "" {
		t.Error(diff)
	}
	if list.Items[0].Orphan || list.Items[2].Orphan {
		t.Error("sessions of others are called orphans")
	}
}
