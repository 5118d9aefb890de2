package filter

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writer makes up expressions.
type writer struct{ *rand.Rand }

func (w writer) one(of ...string) string { return of[w.IntN(len(of))] }

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func (w writer) expression(depth int) string {
	b := w.term(depth)
	for range w.IntN(4) {
		b += " " + w.one("and", "or", "&&", "||") + " " + w.term(depth)
	}
	return b
}

func (w writer) term(depth int) string {
	switch n := w.IntN(20); {
	case n < 3:
		return w.one("not ", "! ", "!") + w.term(depth)
	case n < 6 && depth > 0:
		return "(" + w.expression(depth-1) + ")"
	case n < 9:
		return w.relation()
	case n < 10:
		return w.one("vlan", "vlan 100", "vlan 200", "vlan 1", "less 60", "greater 64", "broadcast", "multicast", "ip multicast", "ip6 multicast")
	case n < 12:
		return w.one("ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "stp", "esp", "ah", "vrrp", "ipx", "atalk")
	case n < 15:
		return w.list(w.one("", "ip ", "arp ", ""), w.one("host", "", "net"), "10.0.0.1", "10.0.1.2", "192.168.7.9", "10.0", "224.0.0.251")
	case n < 16:
		return w.list("", w.one("host", "net"), "2001:db8::1", "2001:db8:0:1::2", "ff02::fb")
	case n < 17:
		return w.list("ether ", w.one("host", ""), "00:50:56:01:02:03", "00-50-56-4-5-6", "ffff.ffff.ffff")
	case n < 18:
		return w.one("", "ip ", "ip6 ") + "proto " + w.operands(w.one("6", "17", "58", "44"), "1", `\tcp`, `\udp`, "gre", "ospf")
	}
	return w.list(w.one("", "tcp ", "udp ", "sctp ", ""), w.one("port", "port", "portrange"), "80", "443", "53", "22", "6005", "40000")
}

// list is a head with one or more operands behind it.
func (w writer) list(protocol, kind string, of ...string) string {
	direction := w.one("src", "dst", "src or dst", "src and dst", "dst or src")
	if kind != "" && w.IntN(2) == 0 {
		direction = ""
	}
	if kind == "net" && !strings.Contains(of[0], ":") {
		of = append(of, "10.0.0.0/23", "10", "0.0.0.0/0", "192.168.0.0 mask 255.255.0.0")
	}
	if kind == "net" && strings.Contains(of[0], ":") {
		of = append(of, "2001:db8::/32", "ff00::/8", "::/0")
	}
	if kind == "portrange" {
		of = []string{"1-100", "6000-6008", "443-53", "40000-65535", "80"}
	}
	return strings.Join(strings.Fields(protocol+direction+" "+kind+" "+w.operands(of...)), " ")
}

// operands are one, some in parentheses, or some without.
func (w writer) operands(of ...string) string {
	one := func() string {
		if w.IntN(8) == 0 {
			return "not " + w.one(of...)
		}
		return w.one(of...)
	}
	all := one()
	n := w.IntN(4)
	for range n {
		all += w.one(" or ", " and ", " or ") + one()
	}
	if n > 0 && w.IntN(2) == 0 {
		return "(" + all + ")"
	}
	return all
}

func (w writer) relation() string {
	if w.IntN(3) == 0 {
		return w.one("tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn", "tcp[tcpflags] & tcp-fin != 0", "icmp[icmptype] = icmp-echo",
			"icmp6[icmp6type] = icmp6-echo", "ip[6:2] & 0x1fff = 0", "ether[0] & 1 = 1", "len > 64", "tcp[2:2] < 1024", "udp[0:2] = 53")
	}
	// A constant relation would be one: what the optimizer makes of those is no pattern.
	return "ip[8] + " + w.number(2) + w.one(" = ", " == ", " != ", " < ", " <= ", " > ", " >= ") + w.number(2)
}

func (w writer) number(depth int) string {
	if depth == 0 || w.IntN(3) == 0 {
		return w.one("0", "1", "5", "0x45", "20", "64", "len", "ip[0]", "ip[2:2]", "tcp[12]", "ether[12:2]", "0xffffffff")
	}
	switch w.IntN(8) {
	case 0:
		return "(" + w.number(depth-1) + " " + w.one("+", "-", "*", "&", "|") + " " + w.number(depth-1) + ")"
	case 1:
		return "- " + w.number(depth-1)
	case 2, 3, 4:
		size := w.one("", "", " : 2", " : 4", " : 1")
		return fmt.Sprintf("%s[%s%s]", w.one("ether", "ip", "ip6", "tcp", "udp", "icmp", "icmp6", "arp", "sctp"), w.index(depth-1), size)
	case 5:
		return w.number(depth-1) + " " + w.one("<<", ">>") + " " + w.one("1", "2", "4", "31")
	case 6:
		return w.number(depth-1) + " " + w.one("/", "%") + " " + w.one("3", "16", "ip[8]", "7")
	}
	return w.number(depth-1) + " " + w.one("+", "-", "*", "&", "|", "^") + " " + w.number(depth-1)
}

func (w writer) index(depth int) string {
	if w.IntN(5) == 0 {
		return w.number(depth)
	}
	return w.one("0", "1", "2", "4", "6", "9", "12", "13", "16", "20", "40")
}

// isArithmetic is a refusal where tcpdump may find out later or never.
func isArithmetic(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "divides by zero") || strings.Contains(err.Error(), "shifts by"))
}

// Expressions that nobody would write, against tcpdump. VSPAN_FILTER_SEED and
// VSPAN_FILTER_COUNT say which and how many.
//
// Of frames that are too short for what an expression reads, libpcap's optimizer
// lets some through that its plain code rejects, depending on what it finds out
// about the whole. What this package leaves out is not always the same. So where
// the answers differ, they must be the same for the frame with more behind it,
// and few expressions may have such frames at all. For very few expressions the
// optimizer is wrong: there the plain code must agree.
func TestRandomExpressionsAsTcpdump(t *testing.T) {
	seed, count := setting(t, "VSPAN_FILTER_SEED", 1), setting(t, "VSPAN_FILTER_COUNT", 300)
	oracle := newTcpdump(t, packets(t))
	w := writer{rand.New(rand.NewPCG(seed, 0))}
	refused, differing, wrong := 0, uint64(0), uint64(0)
	for i := range count {
		expression := w.expression(3)
		f, err := Compile(expression)
		want, refusal := oracle.match(t, expression)
		if (err == nil) != (refusal == nil) && !isArithmetic(err) {
			t.Errorf("%d: %q: %v, tcpdump: %v", i, expression, err, refusal)
		}
		if err != nil || refusal != nil {
			refused++
			continue
		}
		var short []packet
		for j, got := range ours(f, oracle.packets) {
			if got != want[j] {
				short = append(short, oracle.packets[j])
			}
		}
		if len(short) > 0 {
			differing++
			if !sameWhenLonger(t, f, short[:min(len(short), 20)]) {
				wrong++
			}
		}
	}
	t.Logf("%d expressions from seed %d, %d of them refused, %d packets each; %d differ on packets that are too short, %d where the optimizer is wrong",
		count, seed, refused, len(oracle.packets), differing-wrong, wrong)
	if differing > 1+count/20 || wrong > 1+count/500 {
		t.Error("these are too many")
	}
}

// sameWhenLonger compares the answers for packets with zeros behind them, so many
// that all reads have something to read.
func sameWhenLonger(t *testing.T, f *Filter, packets []packet) (optimized bool) {
	t.Helper()
	longer := make([]packet, len(packets))
	for i, p := range packets {
		longer[i] = packet{append(slices.Clone(p.bytes), make([]byte, 200<<10)...), p.wireLen, p.origin}
	}
	oracle := newTcpdump(t, longer)
	want, err := oracle.match(t, f.String())
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(ours(f, longer), want) {
		return true
	}
	if want, err = oracle.matchPlain(t, f.String()); err != nil {
		t.Fatal(err)
	}
	for i, got := range ours(f, longer) {
		if got != want[i] {
			t.Errorf("%q: %s: %v, tcpdump says %v\n%x", f, packets[i].origin, got, want[i], packets[i].bytes)
		}
	}
	return false
}
