package inspect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// samples lists the captures of other projects, which the repository does not contain.
func samples(t *testing.T) []string {
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("there are no sample captures in %s: set VSPAN_PCAPS to the folder that has them", folder)
	}
	return files
}

// TestAsTshark compares every field of every packet of the samples with what Wireshark's decoder says of it.
func TestAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed, and it is what this compares with")
	}
	compared := 0
	for _, file := range samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			want := oracle(t, tshark, file)
			got := records(t, file)
			if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
				t.Errorf("tshark (-) and inspect (+) differ:\n%s", diff)
			}
		})
		compared++
	}
	if compared < 12 {
		t.Errorf("compared %d captures, want all 12", compared)
	}
}

// records is what inspect says of a file, without what tshark has no field for.
func records(t *testing.T, file string) []record {
	var out, notes bytes.Buffer
	if err := Run(t.Context(), Options{Path: file, JSON: true, Out: &out, Notes: &notes}); err != nil {
		t.Fatal(err)
	}
	var all []record
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var r record
		if err := decoder.Decode(&r); err != nil {
			t.Fatal(err)
		}
		if r.Refused != "" {
			if r.Refused != "not_a_mirror" {
				t.Errorf("packet %d is refused: %s", r.Number, r.Refused)
			}
			continue
		}
		r.Fragments = 0
		all = append(all, r)
	}
	return all
}

// The fields that are asked of tshark. One that occurs several times in a packet has its values in the order of the headers.
var oracleFields = []string{
	"frame.number", "frame.protocols", "ip.src", "ip.dst", "ip.proto", "ip.len", "gre.proto", "gre.flags.sequence_number",
	"gre.key", "gre.sequence_number", "erspan.spanid", "erspan.vlan", "erspan.cos", "erspan.truncated", "erspan.index",
	"erspan.timestamp", "erspan.direction", "erspan.hw", "eth.src", "eth.dst", "eth.type", "vlan.id", "vlan.etype",
	"ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "eth.len",
}

// dissected is one packet as tshark sees it: the values of each field.
type dissected map[string][]string

// at returns the nth value of a field, "" when there are fewer.
func (d dissected) at(field string, n int) string {
	if n < len(d[field]) {
		return d[field][n]
	}
	return ""
}

// oracle asks tshark for the GRE packets of a file that are mirrors.
func oracle(t *testing.T, tshark, file string) []record {
	args := []string{"-n", "-r", file, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=;"}
	for _, field := range oracleFields {
		args = append(args, "-e", field)
	}
	out, err := exec.CommandContext(t.Context(), tshark, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", tshark, strings.Join(args, " "), err)
	}
	var all []record
	for line := range strings.Lines(string(out)) {
		d := dissected{}
		for i, values := range strings.Split(strings.TrimSuffix(line, "\n"), "|") {
			if values != "" {
				d[oracleFields[i]] = strings.Split(values, ";")
			}
		}
		if strings.HasPrefix(d.at("frame.protocols", 0), "eth:ethertype:ip:gre:e") {
			all = append(all, recordOf(t, d))
		}
	}
	return all
}

// recordOf says the packet in our words.
func recordOf(t *testing.T, d dissected) record {
	r := record{
		Number: *number[uint64](t, d.at("frame.number", 0)),
		Outer:  decoded[outerRecord](t, map[string]string{"src": d.at("ip.src", 0), "dst": d.at("ip.dst", 0)}),
		GRE:    &greRecord{Key: number[uint32](t, d.at("gre.key", 0)), Sequence: number[uint32](t, d.at("gre.sequence_number", 0))},
	}
	switch protocol := d.at("gre.proto", 0); {
	case protocol == "0x6558":
		r.Encapsulation = "gre"
	case protocol == "0x22eb":
		r.Encapsulation = "erspan3"
	case protocol == "0x88be" && d.at("gre.flags.sequence_number", 0) == "1":
		r.Encapsulation = "erspan2"
	case protocol == "0x88be":
		r.Encapsulation = "erspan1"
	}
	if id := number[uint16](t, d.at("erspan.spanid", 0)); id != nil {
		r.ERSPAN = &erspanRecord{
			ID: *id, VLAN: *number[uint16](t, d.at("erspan.vlan", 0)), COS: *number[uint8](t, d.at("erspan.cos", 0)),
			Truncated: d.at("erspan.truncated", 0) == "1", Index: number[uint32](t, d.at("erspan.index", 0)),
			Timestamp: number[uint32](t, d.at("erspan.timestamp", 0)), HardwareID: number[uint8](t, d.at("erspan.hw", 0)),
			Direction: map[string]string{"0": "ingress", "1": "egress"}[d.at("erspan.direction", 0)],
		}
	}
	r.Inner = innerOf(t, d)
	return r
}

func innerOf(t *testing.T, d dissected) *innerRecord {
	in := &innerRecord{
		SrcMAC: d.at("eth.src", 1), DstMAC: d.at("eth.dst", 1), VLAN: number[uint16](t, d.at("vlan.id", 0)),
		SrcPort: number[uint16](t, d.at("tcp.srcport", 0)+d.at("udp.srcport", 0)),
		DstPort: number[uint16](t, d.at("tcp.dstport", 0)+d.at("udp.dstport", 0)),
	}
	header, etherType := 14, number[uint16](t, d.at("eth.type", 1))
	if in.VLAN != nil {
		header, etherType = 18, number[uint16](t, d.at("vlan.etype", 0))
	}
	if etherType != nil {
		in.EtherType = fmt.Sprintf("0x%04x", *etherType)
	}
	addresses := map[string]string{"src": d.at("ip.src", 1), "dst": d.at("ip.dst", 1)}
	in.Protocol = number[uint8](t, d.at("ip.proto", 1))
	length := number[int](t, d.at("ip.len", 1))
	switch {
	case d.at("ipv6.src", 0) != "":
		addresses = map[string]string{"src": d.at("ipv6.src", 0), "dst": d.at("ipv6.dst", 0)}
		in.Protocol, length = number[uint8](t, d.at("ipv6.nxt", 0)), number[int](t, d.at("ipv6.plen", 0))
		header += 40
	case d.at("eth.len", 0) != "":
		length = number[int](t, d.at("eth.len", 0))
	case length == nil: // neither ARP nor the header before it says a length, so padding counts
		whole := *number[int](t, d.at("ip.len", 0)) - overhead(d)
		length = &whole
		header = 0
	}
	in.Length = header + *length
	if addresses["src"] != "" {
		ends := decoded[outerRecord](t, addresses)
		in.Src, in.Dst = &ends.Src, &ends.Dst
	}
	return in
}

// overhead is the length of what stands before the frame, in an IPv4 packet without options.
func overhead(d dissected) int {
	n := 20 + 4 + 4*(len(d["gre.key"])+len(d["gre.sequence_number"]))
	switch {
	case d.at("erspan.index", 0) != "":
		n += 8
	case d.at("erspan.spanid", 0) != "":
		n += 12
	}
	return n
}

// number reads a decimal or hexadecimal number; nil when there is none.
func number[T uint8 | uint16 | uint32 | uint64 | int](t *testing.T, s string) *T {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err != nil || uint64(T(n)) != n {
		t.Fatalf("tshark says %q, want a number of the field's width", s)
	}
	v := T(n)
	return &v
}

// decoded reads the strings of a JSON object into a value.
func decoded[T any](t *testing.T, fields map[string]string) *T {
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("tshark says %s: %v", text, err)
	}
	return v
}
