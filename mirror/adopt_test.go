package mirror_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestAdopt(t *testing.T) {
	original := with(session("db-01", "db-01", 7), func(s *mirror.Session) {
		s.Spec.SnapLength, s.Spec.Encapsulation.COS, s.Generation = 128, 3, 4
		s.Spec.Sources[0].Direction = mirror.FromVM
	})
	sw := applied(t, dvs0(), original)
	a := mirror.Adoption{Switch: sw, Owner: owner, Receivers: []netip.Addr{receiver}, Now: noon}
	s, left, fault := a.Adopt(sw.Sessions[0])
	if fault != nil || len(left) > 0 {
		t.Fatalf("%v, left %v", fault, left)
	}
	if s.UID != original.UID || s.Name != "db-01" || !s.ExpiresAt.Equal(original.ExpiresAt) || s.Spec.Life.For != time.Hour || s.ERSPANID != 7 || s.Receiver != receiver {
		t.Errorf("%+v", s)
	}
	// What was adopted asks for exactly what stands.
	if plan := mirror.MakePlan(wanted(sw, s)); len(plan.Changes) > 0 || !plan.Sessions[0].Settled {
		t.Errorf("%+v", plan.Changes)
	}
	if problems := s.Spec.Validate(); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}

func TestAdoptWhatIsLeft(t *testing.T) {
	v := foreign("12", 9, netip.MustParseAddr("10.9.9.9"))
	v.Name, v.FromVM, v.ToVM = "Mirror of web", []string{"101", "107", "2", "10", "404"}, []string{"101"}
	v.Description = mirror.Marker{Owner: owner, UID: "5B0f6ad6-2f0c-4c39", Generation: 1}.String()
	a := mirror.Adoption{Switch: dvs0(), Owner: owner, Receivers: []netip.Addr{receiver}, Now: noon}
	s, left, fault := a.Adopt(v)
	if fault != nil || !slices.Equal(left, []string{"10", "2", "404"}) {
		t.Fatalf("%v, left %v", fault, left)
	}
	want := []mirror.Source{{VM: "web-01", NIC: "Network adapter 1"}, {PortKey: "107", Direction: mirror.FromVM}} // "twin" is the name of two VMs
	if !slices.Equal(s.Spec.Sources, want) || s.Pins["107"].VMID != "vm-7" || !s.Spec.Life.Never || s.Spec.Encapsulation.ID != 9 {
		t.Errorf("%+v, pins %v", s.Spec, s.Pins)
	}
	if !mirror.ValidName(s.Name) || !strings.HasPrefix(s.Name, "orphan-") {
		t.Errorf("name %q", s.Name)
	}
	for name, refused := range map[string]func(*mirror.VSPAN){
		"another installation's": func(v *mirror.VSPAN) { v.Description = strings.Replace(v.Description, "o=here", "o=there", 1) },
		"over":                   func(v *mirror.VSPAN) { v.Description = strings.Replace(v.Description, "x=0", "x=1", 1) },
		"of nobody's ports":      func(v *mirror.VSPAN) { v.FromVM, v.ToVM = []string{"2"}, nil },
	} {
		c := v
		refused(&c)
		if _, _, fault := a.Adopt(c); fault == nil {
			t.Errorf("adopted what is %s", name)
		}
	}
}
