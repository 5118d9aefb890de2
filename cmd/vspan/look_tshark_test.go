package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/recorded"
	"github.com/vspan-io/vspan/mirror/flow"
)

// mirrorSamples lists the captures of other projects, which the repository does not contain.
func mirrorSamples(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "pcaps")
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

// unwrapped writes the frames that a capture of mirror packets carries to a capture of their own.
func unwrapped(t *testing.T, file string) string {
	t.Helper()
	out := binary.LittleEndian.AppendUint32(nil, 0xA1B23C4D) // nanoseconds
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	err := recorded.File{Path: file}.Read(t.Context(), func(p *flow.Packet) {
		if p.Parsed.Bare {
			return
		}
		for _, n := range []uint32{uint32(p.Time.Unix()), uint32(p.Time.Nanosecond()), uint32(len(p.Frame)), uint32(len(p.Frame))} {
			out = binary.LittleEndian.AppendUint32(out, n)
		}
		out = append(out, p.Frame...)
	})
	if err != nil {
		t.Logf("%s: %v", file, err)
	}
	name := filepath.Join(t.TempDir(), "inner.pcap")
	if err := os.WriteFile(name, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// printedJSON runs vspan in this process and returns what it prints, as values of JSON one a line.
func printedJSON[T any](t *testing.T, args ...string) (all []T) {
	t.Helper()
	root := newRootCommand()
	var out, notes bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&notes)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("vspan %s: %v", strings.Join(args, " "), err)
	}
	for d := json.NewDecoder(&out); d.More(); {
		var v T
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func tshark(t *testing.T, file string, args ...string) []string {
	t.Helper()
	args = append([]string{"-n", "-r", file, "-o", "ip.check_checksum:FALSE", "-o", "tcp.check_checksum:FALSE"}, args...)
	out, err := exec.CommandContext(t.Context(), "tshark", args...).Output()
	if err != nil {
		t.Fatalf("tshark %s: %v", strings.Join(args, " "), err)
	}
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n")
}

// TestLookingAsTshark compares what flows and follow print of every sample with what tshark says of the frames in it: wrapped, and as
// they are.
func TestLookingAsTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed, and it is what this compares with")
	}
	for _, sample := range mirrorSamples(t) {
		t.Run(filepath.Base(sample), func(t *testing.T) {
			t.Parallel()
			inner := unwrapped(t, sample)
			want := theirFlows(t, inner)
			for _, file := range []string{sample, inner} {
				if diff := cmp.Diff(want, ourFlows(printedJSON[wire.Flow](t, "flows", "-r", file, "--protocol", "tcp", "-o", "json"))); diff != "" {
					t.Errorf("flows: tshark (-) and vspan (+) differ:\n%s", diff)
				}
				compareSaid(t, inner, printedJSON[wire.Stream](t, "follow", "-r", file, "-o", "json"), file)
			}
		})
	}
}

// ourFlows are conversations by their ends: packets and bytes each way.
func ourFlows(all []wire.Flow) map[string][]string {
	flows := map[string][]string{}
	for _, f := range all {
		a, b, ab, ba := endText(f.A), endText(f.B), f.AToB, f.BToA
		if f.A.Port == 0 {
			continue // fragments, of which tshark knows no ports
		}
		if b < a {
			a, b, ab, ba = b, a, ba, ab
		}
		flows[a+" "+b] = append(flows[a+" "+b], fmt.Sprint(ab.Packets, ab.Bytes, ba.Packets, ba.Bytes))
	}
	for _, list := range flows {
		slices.Sort(list)
	}
	return flows
}

func theirFlows(t *testing.T, file string) map[string][]string {
	t.Helper()
	type sums struct {
		name string
		n    [4]uint64
	}
	streams := map[string]*sums{}
	for _, line := range tshark(t, file, "-Y", "tcp && !icmp && !icmpv6", "-T", "fields", "-e", "tcp.stream", "-e", "frame.len", "-e", "ip.src", "-e", "ipv6.src",
		"-e", "ip.dst", "-e", "ipv6.dst", "-e", "tcp.srcport", "-e", "tcp.dstport") {
		r := strings.Split(line, "\t")
		if len(r) < 8 {
			continue
		}
		src, dst := net.JoinHostPort(r[2]+r[3], r[6]), net.JoinHostPort(r[4]+r[5], r[7])
		if streams[r[0]] == nil {
			streams[r[0]] = &sums{name: min(src, dst) + " " + max(src, dst)}
		}
		bytes, _ := strconv.ParseUint(r[1], 10, 64)
		way := 0
		if dst < src {
			way = 2
		}
		streams[r[0]].n[way]++
		streams[r[0]].n[way+1] += bytes
	}
	flows := map[string][]string{}
	for _, s := range streams {
		flows[s.name] = append(flows[s.name], fmt.Sprint(s.n[0], s.n[1], s.n[2], s.n[3]))
	}
	for _, list := range flows {
		slices.Sort(list)
	}
	return flows
}

// compareSaid compares streams with what tshark reads: HTTP requests, DNS names, and the bytes of the first TCP streams.
func compareSaid(t *testing.T, inner string, streams []wire.Stream, file string) {
	t.Helper()
	var requests, names []string
	var tcp []wire.Stream
	for _, s := range streams {
		for _, e := range s.HTTP {
			if e.Request != nil {
				requests = append(requests, e.Request.Method+"\t"+e.Request.Target)
			}
		}
		for _, m := range s.DNS {
			for _, q := range m.Questions {
				names = append(names, fmt.Sprintf("%d\t%s", m.ID, q.Name))
			}
		}
		if s.Protocol == "tcp" {
			tcp = append(tcp, s)
		}
	}
	compareLines(t, "HTTP requests", tshark(t, inner, "-Y", "http.request && !icmp && !http.notification", "-T", "fields", "-e", "http.request.method", "-e", "http.request.uri"), requests)
	var asked []string
	for _, line := range tshark(t, inner, "-Y", "dns && !icmp && udp.port == 53", "-T", "fields", "-e", "dns.id", "-e", "dns.qry.name") {
		if id, name, ok := strings.Cut(line, "\t"); ok {
			n, _ := strconv.ParseUint(id, 0, 16)
			asked = append(asked, fmt.Sprintf("%d\t%s", n, name))
		}
	}
	compareLines(t, "DNS names", asked, names)
	if file == inner {
		return
	}
	for i, s := range tcp[:min(len(tcp), 2)] { // each is a run of tshark
		whole := printedJSON[wire.Stream](t, "follow", "-r", file, count(s.ID), "-o", "json")[0]
		compareBytes(t, inner, i, whole)
	}
}

func compareLines(t *testing.T, what string, theirs, ours []string) {
	t.Helper()
	theirs = slices.DeleteFunc(theirs, func(s string) bool { return s == "" })
	slices.Sort(theirs)
	slices.Sort(ours)
	if !slices.Equal(theirs, ours) {
		t.Errorf("%s: tshark (-) and vspan (+) differ:\n%s", what, cmp.Diff(theirs, ours))
	}
}

func compareBytes(t *testing.T, inner string, number int, s wire.Stream) {
	t.Helper()
	var theirs, ours [2][]byte
	first := ""
	for _, line := range tshark(t, inner, "-q", "-z", fmt.Sprintf("follow,tcp,raw,%d", number)) {
		if rest, ok := strings.CutPrefix(line, "Node 0: "); ok {
			first = rest
		}
		d := 0
		if strings.HasPrefix(line, "\t") {
			d, line = 1, line[1:]
		}
		if b, err := hex.DecodeString(line); err == nil {
			theirs[d] = append(theirs[d], b...)
		}
	}
	for _, c := range s.Chunks {
		d := 0
		if (c.From == "client") != (first == endText(s.Client)) {
			d = 1
		}
		if c.Missing > 0 {
			ours[d] = append(ours[d], fmt.Sprintf("[%d bytes missing in capture file]\x00", c.Missing)...)
		}
		ours[d] = append(ours[d], c.Data...)
	}
	for d := range ours {
		if !bytes.Equal(ours[d], theirs[d]) {
			t.Errorf("stream %d, direction %d: %d bytes, tshark has %d", number, d, len(ours[d]), len(theirs[d]))
		}
	}
}
