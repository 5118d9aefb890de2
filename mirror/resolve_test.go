package mirror_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

func TestPlaceFinds(t *testing.T) {
	for _, c := range []struct {
		name    string
		sources []mirror.Source
		want    []string // port key, direction
	}{
		{"a VM", []mirror.Source{{VM: "web-01"}}, []string{"101 both"}},
		{"all adapters of a VM", []mirror.Source{{VM: "db-01", Direction: mirror.ToVM}}, []string{"103 to-vm", "104 to-vm"}},
		{"one adapter", []mirror.Source{{VM: "db-01", NIC: "Network adapter 2"}}, []string{"104 both"}},
		{"a port", []mirror.Source{{PortKey: "102", Direction: mirror.FromVM}}, []string{"102 from-vm"}},
		{"a twin by its port", []mirror.Source{{PortKey: "108"}}, []string{"108 both"}},
		{"a portgroup", []mirror.Source{{Portgroup: "sniffers", Direction: mirror.FromVM}}, []string{"105 from-vm"}},
		{"a pattern", []mirror.Source{{Selector: mirror.Selector{Name: "web-*"}}}, []string{"101 both", "102 both"}},
		{"a pattern within a folder", []mirror.Source{{Selector: mirror.Selector{Name: "db-0?", Folder: "prod"}}}, []string{"103 both", "104 both"}},
		{"directions of one port join", []mirror.Source{{VM: "web-01", Direction: mirror.FromVM}, {PortKey: "101", Direction: mirror.ToVM}}, []string{"101 both"}},
		{"the same twice", []mirror.Source{{VM: "web-01", Direction: mirror.FromVM}, {PortKey: "101", Direction: mirror.FromVM}}, []string{"101 from-vm"}},
		{"in the order of the spec", []mirror.Source{{VM: "web-02"}, {VM: "web-01"}}, []string{"102 both", "101 both"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range mirror.Place(mirror.Spec{Sources: c.sources}, dvs0(), nil) {
				if p.Fault != nil {
					t.Errorf("fault: %v", p.Fault)
				}
				got = append(got, fmt.Sprint(p.Port.Key, " ", p.Direction))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPlaceRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		source mirror.Source
		on     string // spec.switch
		reason mirror.Reason
		says   string
	}{
		{"no such VM", mirror.Source{VM: "web-09"}, "", mirror.SourceGone, `VM "web-09": there is no VM of this name on vCenter "default"`},
		{"a slip of case", mirror.Source{VM: "WEB-01 "}, "", mirror.SourceGone, "did you mean web-01?"},
		{"a VM without a distributed switch", mirror.Source{VM: "standalone"}, "", mirror.SourceNotOnSwitch, `VM "standalone": has no adapter on a distributed switch: port mirroring needs one`},
		{"a VM of another switch", mirror.Source{VM: "standalone"}, "DVS0", mirror.SourceNotOnSwitch, `VM "standalone": has no adapter on switch "DVS0"`},
		{"no such adapter", mirror.Source{VM: "db-01", NIC: "Network adapter 3"}, "", mirror.SourceGone, `VM "db-01", Network adapter 3: the VM has no such adapter on switch "DVS0"; it has Network adapter 1, Network adapter 2`},
		{"a name of two VMs", mirror.Source{VM: "twin"}, "", mirror.SourceAmbiguous, "several VMs bear this name (vm-7, vm-8): name the one you mean by portKey"},
		{"no such port", mirror.Source{PortKey: "999"}, "", mirror.SourceGone, `port "999": switch "DVS0" has no such port`},
		{"a port without anything", mirror.Source{PortKey: "2"}, "", mirror.SourceGone, "nothing is connected to it"},
		{"no such portgroup", mirror.Source{Portgroup: "prod"}, "", mirror.SourceGone, `portgroup "prod": there is no portgroup of this name on switch "DVS0"`},
		{"an empty portgroup", mirror.Source{Portgroup: "empty"}, "", mirror.SourceGone, "no VM is connected to it"},
		{"the uplinks", mirror.Source{Portgroup: "uplinks"}, "", mirror.SourceRefused, "holds uplinks"},
		{"an uplink", mirror.Source{PortKey: "1"}, "", mirror.SourceRefused, "port 1 of switch DVS0: is an uplink"},
		{"a vmkernel adapter", mirror.Source{PortKey: "10"}, "", mirror.SourceRefused, "KB 327931"},
		{"the receiver itself", mirror.Source{VM: "vspan"}, "", mirror.SourceRefused, "would mirror the mirror"},
		{"a promiscuous port towards the VM", mirror.Source{VM: "ids-01"}, "", mirror.SourceRefused, `VM "ids-01", port 105 of switch DVS0: is in promiscuous mode, which vSphere cannot mirror towards the VM: ask for direction from-vm, or reject promiscuous mode on portgroup "sniffers"`},
		{"a pattern that fits nothing", mirror.Source{Selector: mirror.Selector{Name: "mail-*"}}, "", mirror.SourceGone, `selector name="mail-*"`},
		{"a pattern that is none", mirror.Source{Selector: mirror.Selector{Name: "[a"}}, "", mirror.SourceGone, "fits no VM"},
		{"a tag", mirror.Source{Selector: mirror.Selector{Tag: "pci"}}, "", mirror.VCenterUnreachable, "were not read yet"},
		{"nothing", mirror.Source{}, "", mirror.SourceGone, "names nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			placed := mirror.Place(mirror.Spec{Switch: c.on, Sources: []mirror.Source{c.source}}, dvs0(), []string{"00:50:56:00:00:06"})
			if len(placed) != 1 || placed[0].Fault == nil {
				t.Fatalf("placed %+v, want one fault", placed)
			}
			if f := placed[0].Fault; f.Reason != c.reason || !strings.Contains(f.Error(), c.says) {
				t.Errorf("%v: %v; want %v: %s", f.Reason, f, c.reason, c.says)
			}
		})
	}
}
