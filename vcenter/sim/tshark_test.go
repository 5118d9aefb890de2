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

// TestWiresharkUnderstands has tshark read what the hosts emit.
func TestWiresharkUnderstands(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed, so Wireshark's reading cannot be compared")
	}
	for _, tt := range []struct{ encapsulation, session string }{{"gre", ""}, {"erspan2", "321"}, {"erspan3", "321"}} {
		t.Run(tt.encapsulation, func(t *testing.T) {
			file := record(t, tt.encapsulation)
			rows := fields(t, tshark, file, "gre.proto", "gre.key", "gre.sequence_number", "erspan.spanid", "erspan.vlan",
				"http.request.method", "http.response.code", "_ws.malformed")
			var sequence, requests, responses, frames int
			for _, row := range rows {
				if row[7] != "" {
					t.Errorf("malformed: %q", row)
				}
				if row[0] == "" { // a fragment that is not the last
					continue
				}
				frames++
				if row[5] == "GET" {
					requests++
				}
				if row[6] == "200" {
					responses++
				}
				if tt.encapsulation == "gre" {
					if row[1] != "0x02000000" && row[1] != "0x00000000" {
						t.Errorf("key %q", row[1])
					}
					continue
				}
				if row[3] != tt.session || row[4] != "110" || row[2] != fmt.Sprint(sequence) {
					t.Errorf("session %q, vlan %q, sequence %q; want %s, 110, %d", row[3], row[4], row[2], tt.session, sequence)
				}
				sequence++
			}
			if frames < 400 || requests == 0 || responses == 0 {
				t.Errorf("%d frames, %d requests, %d responses", frames, requests, responses)
			}
		})
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

// record runs a session from the first frame on and writes 500 packets to a file.
func record(t *testing.T, encapsulation string) string {
	t.Helper()
	captured := newCapture()
	s, err := sim.New(sim.Options{Seed: 4, Emit: sim.EmitMemory, Memory: captured.take, Interval: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	port := vm(t, s, "web-01").NICs[0].PortKey
	if _, err := s.AddForeignSession(sim.SessionSpec{
		Name: "wireshark", Enabled: true, FromVM: []string{port}, ToVM: []string{port},
		Destinations: []string{"127.0.0.1"}, Encapsulation: encapsulation, ERSPANID: 321, COS: 3,
	}); err != nil {
		t.Fatal(err)
	}
	runUntil(t, s, captured, 700)
	name := filepath.Join(t.TempDir(), encapsulation+".pcap")
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
