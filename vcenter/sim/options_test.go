package sim_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestHostsBearTheAddressesAskedFor(t *testing.T) {
	s, err := sim.New(sim.Options{Hosts: 3, HostAddresses: []netip.Addr{netip.MustParseAddr("172.31.250.11"), netip.MustParseAddr("172.31.250.12")}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var got []string
	for _, h := range s.State().Hosts {
		got = append(got, h.Address)
	}
	if want := "172.31.250.11 172.31.250.12 127.1.0.3"; strings.Join(got, " ") != want {
		t.Errorf("hosts have the addresses %v, want %s", got, want)
	}
}

func TestHostAddressesThatCannotBeAreRefused(t *testing.T) {
	for want, addresses := range map[string][]string{
		"3 host addresses for 2 hosts": {"10.0.0.1", "10.0.0.2", "10.0.0.3"},
		"cannot both have":             {"10.0.0.1", "10.0.0.1"},
		`address "127.1.0.2"`:          {"127.1.0.2"}, // the other host's
		`"::1" is not an IPv4`:         {"::1"},
		`"0.0.0.0" is not`:             {"0.0.0.0"},
		`"224.0.0.1" is not`:           {"224.0.0.1"},
	} {
		o := sim.Options{}
		for _, a := range addresses {
			o.HostAddresses = append(o.HostAddresses, netip.MustParseAddr(a))
		}
		s, err := sim.New(o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want one with %q", addresses, err, want)
		}
	}
}
