package oracle_test

import (
	"bufio"
	"bytes"
	"net/netip"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// row is what one side says of one packet: the fields that apply, by name. Numbers
// are decimal, addresses in their shortest form.
type row map[string]string

// addresses and numbers are asked of tshark in this order; the names are tshark's.
var (
	layered = []string{
		"frame.protocols", "eth.src", "eth.dst", "ip.src", "ip.dst", "ip.len", "ipv6.src", "ipv6.dst", "ipv6.plen",
		"vlan.id", "ieee8021ad.id", "arp.src.proto_ipv4", "arp.dst.proto_ipv4",
		"tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
	}
	numbers = []string{
		"gre.proto", "gre.key", "gre.sequence_number",
		"erspan.version", "erspan.vlan", "erspan.cos", "erspan.encap", "erspan.bso", "erspan.truncated", "erspan.spanid",
		"erspan.index", "erspan.timestamp", "erspan.sgt", "erspan.p", "erspan.ft", "erspan.hw", "erspan.direction", "erspan.gra",
		"erspan.o", "erspan.platid", "erspan.pid1.vsmid", "erspan.pid1.port_index", "erspan.pid3.port_index",
		"erspan.pid3.timestamp", "erspan.pid5.switchid", "erspan.pid5.port_index", "erspan.pid5.timestamp",
		"erspan.pid7.source_index", "erspan.pid7.timestamp",
	}
)

// tshark is what tshark says of every packet of a file, fragments left as they are.
func tshark(t *testing.T, file string) []row {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not on PATH: nothing to compare with")
	}
	args := []string{
		"-r", file, "-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-o", "ip.check_checksum:FALSE",
		"-T", "fields", "-E", "separator=/t", "-E", "occurrence=a", "-E", "aggregator=,",
	}
	for _, f := range slices.Concat(layered, numbers) {
		args = append(args, "-e", f)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil && len(out) == 0 { // it fails at the damaged end of a file, after what it read
		t.Fatalf("tshark reading %s: %v: %s", file, err, complaints.String())
	}
	var rows []row
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		rows = append(rows, tsharkRow(t, strings.Split(lines.Text(), "\t")))
	}
	return rows
}

func tsharkRow(t *testing.T, columns []string) row {
	t.Helper()
	if len(columns) != len(layered)+len(numbers) {
		t.Fatalf("tshark gave %d columns, want %d: %q", len(columns), len(layered)+len(numbers), columns)
	}
	all := map[string][]string{}
	for i, name := range layered {
		if columns[i] != "" {
			all[name] = strings.Split(columns[i], ",")
		}
	}
	protocols := strings.Split(columns[0], ":")
	gre := slices.Index(protocols, "gre")
	if gre < 0 || slices.Contains(protocols[:gre], "icmp") || slices.Contains(protocols[:gre], "icmpv6") {
		return row{"mirror": "no"} // no GRE, or GRE that a host without a listener quotes in its complaint
	}
	outer, inner := protocols[:gre], protocols[gre+1:]
	if len(inner) > 0 && inner[0] == "erspan" {
		inner = inner[1:]
	}
	if len(inner) == 0 || !slices.Contains([]string{"eth", "ip", "ipv6"}, inner[0]) || inner[0] != "eth" && inner[0] == protocols[gre+1] {
		return row{"mirror": "no"}
	}
	r := row{"mirror": "yes"}
	for i, name := range numbers {
		if s := columns[len(layered)+i]; s != "" {
			r[name] = decimal(t, name, s)
		}
	}
	outerFamily := "ip"
	if slices.Contains(outer, "ipv6") {
		outerFamily = "ipv6"
	}
	r["outer.src"], r["outer.dst"] = address(all[outerFamily+".src"], 0), address(all[outerFamily+".dst"], 0)
	tsharkInner(r, all, inner, strings.Count(strings.Join(outer, ":"), "eth:"), outerFamily)
	return r
}

// tsharkInner adds what tshark says of the mirrored frame, of which inner are the
// protocols. Before it came so many Ethernet headers and one of the outer family.
func tsharkInner(r row, all map[string][]string, inner []string, ethernets int, outerFamily string) {
	if inner[0] == "eth" {
		r["inner.srcMAC"], r["inner.dstMAC"] = at(all["eth.src"], ethernets), at(all["eth.dst"], ethernets)
	}
	if tags := append(slices.Clone(all["ieee8021ad.id"]), all["vlan.id"]...); len(tags) > 0 {
		r["inner.vlans"] = strings.Join(tags, ",")
	}
	link := []string{"eth", "ethertype", "vlan", "ieee8021ad"}
	for len(inner) > 0 && slices.Contains(link, inner[0]) {
		inner = inner[1:]
	}
	if len(inner) == 0 {
		return
	}
	family, rest, before := inner[0], inner[1:], 0
	if family == outerFamily {
		before = 1
	}
	switch family {
	case "arp":
		r["arp.src"], r["arp.dst"] = at(all["arp.src.proto_ipv4"], 0), at(all["arp.dst.proto_ipv4"], 0)
		return
	case "ip":
		r["inner.length"] = at(all["ip.len"], before)
	case "ipv6":
		n, _ := strconv.Atoi(at(all["ipv6.plen"], before))
		r["inner.length"] = strconv.Itoa(n + 40)
	default:
		return
	}
	r["inner.src"], r["inner.dst"] = address(all[family+".src"], before), address(all[family+".dst"], before)
	for len(rest) > 0 && strings.HasPrefix(rest[0], "ipv6.") {
		rest = rest[1:]
	}
	if len(rest) > 0 && (rest[0] == "tcp" || rest[0] == "udp") {
		r["inner.srcPort"], r["inner.dstPort"] = at(all[rest[0]+".srcport"], 0), at(all[rest[0]+".dstport"], 0)
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "missing"
}

func address(list []string, i int) string {
	a, err := netip.ParseAddr(at(list, i))
	if err != nil {
		return at(list, i)
	}
	return a.String()
}

func decimal(t *testing.T, name, s string) string {
	t.Helper()
	switch s {
	case "True":
		return "1"
	case "False":
		return "0"
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		t.Fatalf("tshark says %s is %q", name, s)
	}
	return strconv.FormatUint(n, 10)
}
