package mirror_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestValidate(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	if ps := session("a", "web-01", 0).Spec.Validate(); len(ps) > 0 {
		t.Fatalf("a good spec: %v", ps)
	}
	to := func(list ...string) func(*mirror.Spec) {
		return func(s *mirror.Spec) {
			s.Destination = mirror.Destination{}
			for _, a := range list {
				addr, _ := netip.ParseAddr(a)
				s.Destination.Addresses = append(s.Destination.Addresses, addr)
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*mirror.Spec)
		want   string // "" for good
	}{
		{"a collector", to("10.1.1.1"), ""},
		{"two collectors", to("10.1.1.1", "2001:db8::1"), ""},
		{"a collector twice", to("10.1.1.1", "10.1.1.1"), "spec.destination.addresses[1]: 10.1.1.1 is given twice"},
		{"no address", to("x"), "spec.destination.addresses[0]: want a unicast address"},
		{"any address", to("0.0.0.0"), "want a unicast address without a zone, got 0.0.0.0"},
		{"a group", to("10.1.1.1", "ff02::1"), "spec.destination.addresses[1]"},
		{"a mapped group", to("::ffff:224.0.0.1"), "spec.destination.addresses[0]"},
		{"a zone", to("fe80::1%eth0"), "without a zone, got fe80::1%eth0"},
		{"nowhere", to(), `spec.destination: want {"receiver":"local"}`},
		{"both", func(s *mirror.Spec) { s.Destination.Addresses = []netip.Addr{receiver} }, "spec.destination: want a receiver or addresses, not both"},
		{"another receiver", func(s *mirror.Spec) { s.Destination.Receiver = "far" }, `spec.destination.receiver: there is no receiver "far": want "local"`},
		{"no sources", func(s *mirror.Spec) { s.Sources = nil }, "spec.sources: want 1 to 1024 sources, got 0"},
		{"too many sources", func(s *mirror.Spec) {
			s.Sources = make([]mirror.Source, 1025)
			for i := range s.Sources {
				s.Sources[i].VM = "a"
			}
		}, "got 1025"},
		{"an empty source", func(s *mirror.Spec) { s.Sources = append(s.Sources, mirror.Source{}) }, "spec.sources[1]: want exactly one of"},
		{"two in one", func(s *mirror.Spec) { s.Sources[0].PortKey = "1" }, "spec.sources[0]: want exactly one of"},
		{"an adapter of nothing", func(s *mirror.Spec) { s.Sources[0] = mirror.Source{PortKey: "1", NIC: "a"} }, "spec.sources[0]: nic needs a vm"},
		{"no pattern", func(s *mirror.Spec) {
			s.Sources[0] = mirror.Source{Selector: mirror.Selector{Name: "[a"}}
		}, `spec.sources[0]: selector.name "[a" is not a pattern`},
		{"id too large", func(s *mirror.Spec) { s.Encapsulation.ID = 1024 }, "spec.encapsulation.id: want 1 to 1023"},
		{"largest id", func(s *mirror.Spec) { s.Encapsulation.ID = 1023 }, ""},
		{"cos too large", func(s *mirror.Spec) { s.Encapsulation.COS = 8 }, "spec.encapsulation.cos: want 0 to 7, got 8"},
		{"id without ERSPAN", func(s *mirror.Spec) { s.Encapsulation = mirror.Encapsulation{ID: 1} }, "spec.encapsulation: id and cos belong to erspan2 and erspan3, not to gre"},
		{"nanoseconds without ERSPAN III", func(s *mirror.Spec) { s.Encapsulation.Nanoseconds = true }, "belongs to erspan3, not to erspan2"},
		{"too short", func(s *mirror.Spec) { s.SnapLength = 59 }, "spec.snapLength: want 0 for whole frames or 60 to 65535 bytes, got 59"},
		{"shortest", func(s *mirror.Spec) { s.SnapLength = 60 }, ""},
		{"no sampling", func(s *mirror.Spec) { s.Sampling = 0 }, "spec.sampling: want 1 to 65535"},
		{"the mirror stack", func(s *mirror.Spec) { s.Netstack = "mirror" }, ""},
		{"a stack that XML cannot hold", func(s *mirror.Spec) { s.Netstack = "mir\x00ror" }, "spec.netstack: want a key"},
		{"a stack with a blank", func(s *mirror.Spec) { s.Netstack = "mirror " }, "spec.netstack: want a key"},
		{"no life", func(s *mirror.Spec) { s.Life.For = time.Second - 1 }, `spec.expiresIn: want at least 1s, or "never"`},
		{"an end", func(s *mirror.Spec) { s.Life = mirror.Life{Until: now} }, ""},
		{"an end and a time", func(s *mirror.Spec) { s.Life.Until = now }, "spec.expiresAt: want expiresIn or expiresAt, not both"},
		{"an end and none", func(s *mirror.Spec) { s.Life = mirror.Life{Never: true, Until: now} }, "spec.expiresAt: want expiresIn or expiresAt, not both"},
		{"for ever", func(s *mirror.Spec) { s.Life = mirror.Life{Never: true} }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := session("a", "web-01", 0).Spec.Clone()
			c.change(&spec)
			ps := spec.Validate()
			switch {
			case c.want == "" && len(ps) > 0:
				t.Errorf("%v", ps)
			case c.want != "" && (len(ps) != 1 || !strings.Contains(ps[0].Error(), c.want)):
				t.Errorf("%v, want %s", ps, c.want)
			}
		})
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "web-01": true, strings.Repeat("a", 63): true,
		"": false, "-a": false, "a-": false, "A": false, "a_b": false, "a.b": false, "ä": false, "a\n": false, strings.Repeat("a", 64): false, "../a": false,
	} {
		if mirror.ValidName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestLifeEnds(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	end := now.Add(time.Minute)
	for _, tt := range []struct {
		life mirror.Life
		want time.Time
	}{
		{mirror.Life{For: time.Hour}, now.Add(time.Hour)},
		{mirror.Life{Until: end}, end},
		{mirror.Life{Never: true}, time.Time{}},
	} {
		if got := tt.life.EndsAt(now); !got.Equal(tt.want) {
			t.Errorf("%+v ends at %s, want %s", tt.life, got, tt.want)
		}
	}
}
