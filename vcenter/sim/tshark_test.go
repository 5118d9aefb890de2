package sim_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestWiresharkUnderstands has tshark read what the hosts emit: one session of
// each encapsulation.
func TestWiresharkUnderstands(t *testing.T) {
	t.Parallel()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed, so Wireshark's reading cannot be compared")
	}
	type tally struct{ frames, requests, responses int }
	seen := map[string]*tally{"0x6558": {}, "0x88be": {}, "0x22eb": {}}
	sessions := map[string]string{"0x6558": "", "0x88be": "322", "0x22eb": "323"}
	rows := fields(t, tshark, record(t), "gre.proto", "gre.key", "gre.sequence_number", "erspan.spanid", "erspan.vlan",
		"http.request.method", "http.response.code", "_ws.malformed")
	for _, row := range rows {
		protocol, key, sequence, session, vlan := row[0], row[1], row[2], row[3], row[4]
		if row[7] != "" {
			t.Errorf("malformed: %q", row)
		}
		if protocol == "" { // a fragment that is not the last
			continue
		}
		n := seen[protocol]
		if n == nil {
			t.Fatalf("GRE protocol %q", protocol)
		}
		wantSequence, wantVLAN := fmt.Sprint(n.frames), "110"
		if protocol == "0x6558" {
			wantSequence, wantVLAN = "", ""
			if key != "0x02000000" {
				t.Errorf("key %q", key)
			}
		}
		if session != sessions[protocol] || vlan != wantVLAN || sequence != wantSequence {
			t.Errorf("%s: session %q, vlan %q, sequence %q; want %s, %s, %s",
				protocol, session, vlan, sequence, sessions[protocol], wantVLAN, wantSequence)
		}
		n.frames++
		if row[5] == "GET" {
			n.requests++
		}
		if row[6] == "200" {
			n.responses++
		}
	}
	for protocol, n := range seen {
		if n.frames < 100 || n.requests == 0 || n.responses == 0 {
			t.Errorf("%s: %+v", protocol, *n)
		}
	}
}

// fields are the rows of tshark -T fields.
func fields(t *testing.T, tshark, file string, names ...string) [][]string {
	t.Helper()
	args := []string{"-r", file, "-n", "-T", "fields", "-E", "separator=|", "-E", "occurrence=f",
		"-o", "ip.defragment:TRUE", "-o", "tcp.desegment_tcp_streams:TRUE"}
	for _, n := range names {
		args = append(args, "-e", n)
	}
	command := exec.CommandContext(t.Context(), tshark, args...)
	var complaints bytes.Buffer
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, complaints.String())
	}
	var rows [][]string
	for line := range strings.Lines(string(out)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "|"))
	}
	return rows
}

// record captures three sessions from the first frame on into a file. Each
// mirrors what another machine sends, so that no frame is in the file twice:
// Wireshark would take the second for a retransmission.
func record(t *testing.T) string {
	t.Helper()
	captured := newCapture()
	s, err := sim.New(sim.Options{Seed: 4, Emit: sim.EmitMemory, Memory: captured.take, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	senders := []string{"web-01", "web-02", "client-01"}
	for i, encapsulation := range []string{"gre", "erspan2", "erspan3"} {
		if _, err := s.AddForeignSession(sim.SessionSpec{
			Name: encapsulation, Enabled: true, FromVM: []string{vm(t, s, senders[i]).NICs[0].PortKey},
			Destinations: []string{"127.0.0.1"}, Encapsulation: encapsulation, ERSPANID: 321 + int32(i), COS: 3,
		}); err != nil {
			t.Fatal(err)
		}
	}
	runUntil(t, s, captured, 1500)
	name := filepath.Join(t.TempDir(), "mirrors.pcap")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := pcapgo.NewWriter(file)
	if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
		t.Fatal(err)
	}
	for i, p := range captured.all() {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(1700000000, int64(i)*1e6), CaptureLength: len(p), Length: len(p)}
		if err := w.WritePacket(info, p); err != nil {
			t.Fatal(err)
		}
	}
	return name
}
