package mirror_test

import (
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// switches are DVS0 and an older switch of the same vCenter, and a switch that bears DVS0's name on another vCenter.
func switches() []mirror.Switch {
	old := mirror.Switch{
		ID: mirror.SwitchID{VCenter: "default", UUID: "50 0b"}, Name: "OLD",
		Ports:    []mirror.Port{{Key: "5", Connectee: mirror.VMNIC, VM: "old-01", VMID: "vm-20", NIC: "Network adapter 1"}, {Key: "104", Connectee: mirror.VMNIC, VM: "old-02", VMID: "vm-21"}},
		OtherVMs: []string{"standalone", "web-01"},
	}
	far := mirror.Switch{ID: mirror.SwitchID{VCenter: "far", UUID: "60 0a"}, Name: "DVS0", Ports: []mirror.Port{{Key: "9", Connectee: mirror.VMNIC, VM: "far-01", VMID: "vm-1"}}}
	return []mirror.Switch{dvs0(), old, far}
}

func TestLocate(t *testing.T) {
	source := func(list ...mirror.Source) []mirror.Source { return list }
	for _, c := range []struct {
		name     string
		spec     mirror.Spec
		switches []mirror.Switch
		want     string // UUID, or
		reason   mirror.Reason
		says     string
	}{
		{"by its source", mirror.Spec{Sources: source(mirror.Source{VM: "web-01"})}, switches(), "50 0a", 0, ""},
		{"by its second source", mirror.Spec{Sources: source(mirror.Source{VM: "none"}, mirror.Source{VM: "old-01"})}, switches(), "50 0b", 0, ""},
		{"by name", mirror.Spec{Switch: "OLD", Sources: source(mirror.Source{VM: "web-01"})}, switches(), "50 0b", 0, ""},
		{"by vCenter", mirror.Spec{VCenter: "far"}, switches(), "60 0a", 0, ""},
		{"by vCenter and name", mirror.Spec{VCenter: "default", Switch: "DVS0"}, switches(), "50 0a", 0, ""},
		{"the only one", mirror.Spec{Sources: source(mirror.Source{VM: "none"})}, switches()[:1], "50 0a", 0, ""},
		{"no such name", mirror.Spec{Switch: "DVS9"}, switches(), "", mirror.SwitchNotFound, `switch "DVS9": there is no such distributed switch; there is "DVS0", "OLD", "DVS0"`},
		{"not on that vCenter", mirror.Spec{VCenter: "far", Switch: "OLD"}, switches(), "", mirror.SwitchNotFound, `there is no such distributed switch on vCenter "far"`},
		{"no switch at all", mirror.Spec{}, nil, "", mirror.SwitchNotFound, "there is no distributed switch"},
		{"none on that vCenter", mirror.Spec{VCenter: "nowhere"}, switches(), "", mirror.SwitchNotFound, `there is no distributed switch on vCenter "nowhere"`},
		{"named and none", mirror.Spec{Switch: "DVS9"}, nil, "", mirror.SwitchNotFound, "there is none"},
		{"name of two", mirror.Spec{Switch: "DVS0"}, switches(), "", mirror.SwitchAmbiguous, "say which vcenter"},
		{"sources on two", mirror.Spec{Sources: source(mirror.Source{VM: "web-01"}, mirror.Source{VM: "old-01"})}, switches(), "", mirror.SwitchAmbiguous, `the sources are on several switches ("DVS0", "OLD"): say which switch is meant`},
		{"port key of two", mirror.Spec{Sources: source(mirror.Source{PortKey: "104"})}, switches(), "", mirror.SwitchAmbiguous, "on several switches"},
		{"VM without a switch", mirror.Spec{Sources: source(mirror.Source{VM: "standalone"})}, switches(), "", mirror.SourceNotOnSwitch, `VM "standalone": has no adapter on a distributed switch`},
		{"VM without a switch, of the second vCenter", mirror.Spec{Sources: source(mirror.Source{VM: "standalone"})}, []mirror.Switch{switches()[2], switches()[0]}, "", mirror.SourceNotOnSwitch, `VM "standalone": has no adapter on a distributed switch`},
		{"no such VM", mirror.Spec{Sources: source(mirror.Source{VM: "none"})}, switches(), "", mirror.SourceGone, `VM "none": there is no VM of this name`},
	} {
		t.Run(c.name, func(t *testing.T) {
			sw, fault := mirror.Locate(c.spec, c.switches)
			if c.want != "" {
				if fault != nil || sw.ID.UUID != c.want {
					t.Fatalf("switch %q, fault %v; want %q", sw.ID.UUID, fault, c.want)
				}
				return
			}
			if fault == nil || fault.Reason != c.reason || !strings.Contains(fault.Error(), c.says) {
				t.Fatalf("switch %q, fault %v; want %v: %s", sw.ID.UUID, fault, c.reason, c.says)
			}
		})
	}
}
