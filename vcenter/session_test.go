package vcenter

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
)

// aSession makes one that a switch takes.
func aSession(name string, ports ...string) mirror.VSPAN {
	return mirror.VSPAN{
		Name: name, Description: "of a test", Enabled: true, Type: mirror.L3Source, Encapsulation: mirror.ERSPAN2, ERSPANID: 5,
		Destinations: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, FromVM: ports, ToVM: ports, Sampling: 1,
	}
}

var drawAddress = rapid.Custom(func(t *rapid.T) netip.Addr {
	if rapid.Bool().Draw(t, "v4") {
		return netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")))
	}
	return netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))).Unmap()
})

func drawKeys(t *rapid.T, label string) []string {
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[0-9]{1,5}`), 0, 6, rapid.ID[string]).Draw(t, label)
	slices.Sort(keys)
	if len(keys) == 0 {
		return nil
	}
	return keys
}

func drawSession(t *rapid.T) mirror.VSPAN {
	return mirror.VSPAN{
		Key:           rapid.StringMatching(`[0-9]{0,3}`).Draw(t, "key"),
		Name:          rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "name"),
		Description:   rapid.StringMatching(`[ -~äß]{0,40}`).Draw(t, "description"),
		Enabled:       rapid.Bool().Draw(t, "enabled"),
		Type:          mirror.L3Source,
		Encapsulation: rapid.SampledFrom([]mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3}).Draw(t, "encapsulation"),
		ERSPANID:      rapid.Uint16().Draw(t, "id"),
		COS:           rapid.Uint8().Draw(t, "cos"),
		Nanoseconds:   rapid.Bool().Draw(t, "nanoseconds"),
		Destinations:  rapid.SliceOfN(drawAddress, 1, 3).Draw(t, "destinations"),
		FromVM:        drawKeys(t, "fromVM"),
		ToVM:          drawKeys(t, "toVM"),
		SnapLength:    rapid.IntRange(0, 1<<31-1).Draw(t, "snap length"),
		Sampling:      rapid.IntRange(1, 65535).Draw(t, "sampling"),
		Netstack:      rapid.SampledFrom([]string{"", "mirror"}).Draw(t, "netstack"),
	}
}

// Whatever vspan writes it reads back, over govmomi's XML as well, which leaves out integers of 0.
func TestSessionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawSession(t)
		sent, err := sessionTo(want)
		if err != nil {
			t.Fatal(err)
		}
		var wire bytes.Buffer
		if err := xml.NewEncoder(&wire).Encode(sent); err != nil {
			t.Fatal(err)
		}
		var received types.VMwareVspanSession
		if err := xml.NewDecoder(&wire).Decode(&received); err != nil {
			t.Fatal(err)
		}
		got := sessionOf(received)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
		if d := want.Differences(got); d != nil {
			t.Fatalf("differs in %v", d)
		}
	})
}

// from-vm is ingress of the port, to-vm egress: if these two change places, so must direction.go, and nothing else.
func TestDirection(t *testing.T) {
	v := aSession("x")
	v.FromVM, v.ToVM = []string{"1"}, []string{"2"}
	s, err := sessionTo(v)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.SourcePortReceived.PortKey, v.FromVM) || !slices.Equal(s.SourcePortTransmitted.PortKey, v.ToVM) {
		t.Errorf("from the VM is %v, towards it %v", s.SourcePortReceived, s.SourcePortTransmitted)
	}
	fromVM, toVM := volumes(types.DistributedVirtualSwitchPortStatistics{
		PacketsInUnicast: 1, PacketsInMulticast: 2, PacketsInBroadcast: 4, BytesInUnicast: 10, BytesInMulticast: 20, BytesInBroadcast: 40,
		PacketsOutUnicast: 8, PacketsOutMulticast: 16, PacketsOutBroadcast: 32, BytesOutUnicast: 80, BytesOutMulticast: 160, BytesOutBroadcast: -1,
	})
	if fromVM != (mirror.Volume{Packets: 7, Bytes: 70}) || toVM != (mirror.Volume{Packets: 56, Bytes: 240}) {
		t.Errorf("got %+v from the VM, %+v towards it", fromVM, toVM)
	}
}

// What vspan has no word for is kept as a text that does not depend on the order in which vCenter says it.
func TestForeignSession(t *testing.T) {
	s := types.VMwareVspanSession{
		SessionType: "remoteMirrorDest", EncapType: "vxlan", ErspanId: -1, EncapsulationVlanId: 7, StripOriginalVlan: true, NormalTrafficAllowed: true,
		SourcePortReceived:    &types.VMwareVspanPort{Vlans: []int32{3, 1}, WildcardPortConnecteeType: []string{"vmVnic"}, PortKey: []string{"9", "10", "9"}},
		SourcePortTransmitted: &types.VMwareVspanPort{UplinkPortName: []string{"uplink2", "uplink1"}},
		DestinationPort:       &types.VMwareVspanPort{PortKey: []string{"4"}, IpAddress: []string{"nonsense", "10.0.0.1"}},
	}
	got := sessionOf(s)
	const want = `destinationPort.ipAddress=["nonsense"] destinationPort.portKey=["4"] encapType="vxlan" encapsulationVlanId=7 erspanId=-1 ` +
		`normalTrafficAllowed=true sourcePortReceived.vlans=[1 3] sourcePortReceived.wildcardPortConnecteeType=["vmVnic"] ` +
		`sourcePortTransmitted.uplinkPortName=["uplink1" "uplink2"] stripOriginalVlan=true`
	if got.Other != want {
		t.Errorf("got  %s\nwant %s", got.Other, want)
	}
	if !slices.Equal(got.FromVM, []string{"10", "9"}) || got.Sampling != 1 || !slices.Equal(got.Destinations, []netip.Addr{netip.MustParseAddr("10.0.0.1")}) {
		t.Errorf("got %+v", got)
	}
	l3 := sessionOf(types.VMwareVspanSession{SessionType: mirror.L3Source, NormalTrafficAllowed: true, StripOriginalVlan: true})
	if l3.Other != "" {
		t.Errorf("an L3 source session: %q", l3.Other)
	}
}

func TestCapabilities(t *testing.T) {
	no, yes := false, true
	wrap := func(c *types.VMwareDVSFeatureCapability) types.DVSCapability {
		return types.DVSCapability{FeaturesSupported: c}
	}
	for name, tc := range map[string]struct {
		said types.DVSCapability
		want mirror.Capabilities
	}{
		"nothing":        {types.DVSCapability{}, mirror.Capabilities{}},
		"nil":            {wrap(nil), mirror.Capabilities{}},
		"not of VSPAN":   {wrap(&types.VMwareDVSFeatureCapability{VspanSupported: &yes}), mirror.Capabilities{}},
		"no VSPAN":       {wrap(&types.VMwareDVSFeatureCapability{VspanSupported: &no}), mirror.Capabilities{L3Source: mirror.Unsupported, ERSPAN: mirror.Unsupported, Netstack: mirror.Unsupported}},
		"an old switch":  {wrap(&types.VMwareDVSFeatureCapability{VspanCapability: &types.VMwareDVSVspanCapability{EncapRemoteSourceSupported: true}}), mirror.Capabilities{L3Source: mirror.Supported}},
		"without ERSPAN": {wrap(&types.VMwareDVSFeatureCapability{VspanCapability: &types.VMwareDVSVspanCapability{EncapRemoteSourceSupported: true, ErspanProtocolSupported: &no, MirrorNetstackSupported: &yes}}), mirror.Capabilities{L3Source: mirror.Supported, ERSPAN: mirror.Unsupported, Netstack: mirror.Supported}},
	} {
		if got := capabilitiesOf(tc.said); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}
