package filter

import (
	"errors"
	"strings"
	"testing"
)

// refused are expressions, where they go wrong, and a word of what is said.
var refused = []struct {
	expression string
	at         int
	says       string
}{
	{"80", 2, "alone"},
	{"ip[0]", 5, "alone"},
	{"ip[0] and tcp", 6, "alone"},
	{"80 or tcp", 0, "nothing before it"},
	{"10.0.0.1", 0, "nothing before it"},
	{"tcp or 443", 7, "nothing before it"},
	{"len > 5 and 80", 12, "nothing before it"},
	{"host", 4, "an address is wanted"},
	{"host and", 5, "an address is wanted"},
	{"port", 4, "a port is wanted"},
	{"portrange 80-", 12, "not expected"},
	{"net", 3, "a net is wanted"},
	{"ip proto tcp", 9, "backslash"},
	{"host example.org", 5, "not looked up"},
	{"net localnet", 4, "not looked up"},
	{"gateway 10.0.0.1", 0, "names to be looked up"},
	{"tcp and gateway x", 8, "gateway"},
	{"inbound", 0, "direction"},
	{"mpls 100", 0, "tunnels"},
	{"wlan type mgt", 5, "Wi-Fi"},
	{"ip6 protochain 6", 4, "first header"},
	{"rnr 5", 0, "firewall"},
	{"byte 0 = 1", 0, "documented"},
	{"host 10.0.0.256", 5, "not an IPv4 address"},
	{"host 10.0.0.0/8", 13, "no net"},
	{"net 10.0.0.1/8", 4, "bits behind"},
	{"net 10.0.0.0/33", 13, "at most 32"},
	{"net 10.0.0.0 mask 8", 18, "a mask"},
	{"net 0.0 mask 0.0.0.0.0", 13, "a mask"},
	{"net 10.0.0.1 mask 255.0.0.0", 4, "bits behind"},
	{"net 2001:db8::1/32", 4, "bits behind"},
	{"net 2001:db8::/129", 15, "at most 128"},
	{"host 2001:db8::/32", 5, "no net"},
	{"net 10/8", 6, "not expected"},
	{"ip host ::1", 8, "ip has no IPv6"},
	{"ip6 host 10.0.0.1", 9, "ip6 has no IPv4"},
	{"tcp host 10.0.0.1", 9, "tcp has no IPv4"},
	{"icmp port 80", 10, "icmp has no ports"},
	{"ether host 10.0.0.1", 11, "MAC address"},
	{"host 00:50:56:01:02:03", 5, "ether host"},
	{"ether host 00:50:56:01", 11, "not a MAC address"},
	{"ether host 0:1:2:", 11, "not a MAC address"},
	{"port 65536", 5, "at most 65535"},
	{"port 80-90", 5, "not known"},
	{"port frobnicate", 5, "not known"},
	{"port 10.0.0.1", 5, "where a port is wanted"},
	{"port ::1", 5, "where a port is wanted"},
	{"sctp port http", 10, "one of tcp"},
	{"portrange 1-70000", 10, "at most 65535"},
	{"portrange http", 10, "not a range"},
	{"portrange 1-x", 10, "not known"},
	{"proto frobnicate", 6, "not known"},
	{`ether proto \tcp`, 12, "not known"},
	{"tcp proto 6", 10, "carries no other"},
	{"src proto 6", 4, "no direction"},
	{"src or src host 10.0.0.1", 7, "dst is wanted"},
	{"ether", 5, "no condition"},
	{"arp broadcast", 0, "arp has no broadcast"},
	{"ip6 broadcast", 0, "ip6 has no broadcast"},
	{"vlan 4096", 5, "at most 4095"},
	{"less tcp", 5, "a number of bytes"},
	{"tcp[", 4, "wanted"},
	{"tcp[0", 5, "] is wanted"},
	{"tcp[0:3] = 1", 6, "1, 2 or 4"},
	{"tcp[0:len] = 1", 6, "1, 2 or 4"},
	{"tcp[tcp] = 1", 4, "this is a condition"},
	{"stp[0] = 1", 0, "cannot be read"},
	{"tcp[0] = ", 9, "wanted"},
	{"tcp[0] / 0 = 1", 9, "divides by zero"},
	{"tcp[0] % (5 - 5) = 1", 9, "divides by zero"},
	{"tcp[0] << 32 = 1", 10, "31 bits"},
	{"len-1 = 5", 0, "nothing before it"},
	{"tcp udp", 4, "not expected"},
	{"tcp)", 3, "not expected"},
	{"(tcp", 4, ") is wanted"},
	{"()", 1, "a condition is wanted"},
	{"tcp and", 7, "a condition is wanted"},
	{"not", 3, "a condition is wanted"},
	{"and tcp", 0, "not expected"},
	{"tcp = 5", 4, "not expected"},
	{"port (80 or tcp)", 12, "a port is wanted"},
	{"tcp # comment", 4, "not part of the language"},
	{"tcp\x00", 3, "not part of the language"},
	{`ip proto \`, 9, "missing behind the backslash"},
	{"len = 4294967296", 6, "32 bits"},
	{"len = 08", 6, "octal"},
	{"len = 0x100000000", 6, "32 bits"},
}

func TestRefusals(t *testing.T) {
	for _, want := range refused {
		_, err := Compile(want.expression)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", want.expression, err)
			continue
		}
		if e.Offset != want.at || !strings.Contains(e.Error(), want.says) || e.Expression != want.expression {
			t.Errorf("%q: want %d, %q: %v", want.expression, want.at, want.says, e)
		}
	}
}

// What is refused is refused by tcpdump too, or is what this package does not do.
func TestRefusesAsTcpdump(t *testing.T) {
	notOurs := map[string]bool{
		"mpls 100": true, "ip6 protochain 6": true, "byte 0 = 1": true, "host example.org": true,
	}
	oracle := newTcpdump(t, generated()[:1])
	for _, r := range refused {
		if strings.ContainsRune(r.expression, 0) || notOurs[r.expression] {
			continue // no argument of a program has a zero
		}
		if _, err := oracle.match(t, r.expression); !errors.Is(err, errRefused) {
			t.Errorf("tcpdump takes %q: %v", r.expression, err)
		}
	}
}

func TestErrorShowsThePlace(t *testing.T) {
	_, err := Compile("tcp port http and\thost\nweb-01 or udp")
	want := `filter: the name "web-01" is not looked up at byte 23
  tcp port http and host web-01 or udp
                         ^
write an address: names are not resolved`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = Compile(strings.Repeat("tcp or ", 1000) + "\x1b[31m" + strings.Repeat(" or tcp", 1000))
	want = `filter: "?" is not part of the language at byte 7000
  … or tcp or tcp or tcp or tcp or ?[31m or tcp or tcp or tcp or tc…
` + strings.Repeat(" ", 2+33) + "^\nsupported are"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
