package receive

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// samples are captures from the field, kept outside the repository.
func samples(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in %s; VSPAN_PCAPS names their folder", folder)
	}
	return files
}

// tsharkGRE lists "number source destination length" of every outer datagram of
// protocol 47 that tshark sees, length being that of the IP packet which
// completed it. Later fragments and what ICMP errors quote are not among them.
func tsharkGRE(t *testing.T, file string) []string {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark to compare with")
	}
	out, err := exec.Command(tshark, "-n", "-r", file, "-Y", "gre && (ip.proto || ipv6)", "-T", "fields",
		"-E", "occurrence=f", "-e", "ip.proto", "-e", "frame.number", "-e", "ip.src", "-e", "ip.dst").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	var lines []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[0] == "47" {
			lines = append(lines, strings.Join(fields[1:], " "))
		}
	}
	return lines
}

func TestSamplesAsTsharkReadsThem(t *testing.T) {
	for _, file := range samples(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			var got []string
			f := NewFile(FileOptions{Path: file})
			err := f.Run(context.Background(), Each(func(d *Datagram) {
				got = append(got, fmt.Sprintf("%d %v %v", d.Number, d.Src(), d.Dst()))
			}))
			if err != nil {
				t.Fatal(err)
			}
			checkSum(t, f.Counters())
			if want := tsharkGRE(t, file); !slices.Equal(got, want) {
				t.Errorf("%d datagrams, tshark has %d:\n%v\n%v", len(got), len(want), got, want)
			}
		})
	}
}

// The lengths of what was put together, against tshark's reassembly: in this
// capture all outer fragments find each other.
func TestSampleReassembly(t *testing.T) {
	files := samples(t)
	i := slices.IndexFunc(files, func(f string) bool { return filepath.Base(f) == "zeek-erspan.pcap" })
	if i < 0 {
		t.Skip("zeek-erspan.pcap is not among the captures")
	}
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark to compare with")
	}
	out, err := exec.Command(tshark, "-n", "-r", files[i], "-Y", "ip.fragments", "-T", "fields", "-E", "occurrence=f",
		"-e", "frame.number", "-e", "ip.fragment.count", "-e", "ip.reassembled.length").Output()
	if err != nil {
		t.Fatalf("tshark: %v", err)
	}
	want := strings.Fields(string(out))
	var got []string
	f := NewFile(FileOptions{Path: files[i]})
	err = f.Run(context.Background(), Each(func(d *Datagram) {
		if d.Fragments > 1 {
			got = append(got, fmt.Sprint(d.Number), fmt.Sprint(d.Fragments), fmt.Sprint(len(d.Payload)))
		}
	}))
	if err != nil || len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("%v\ngot  %v\nwant %v", err, got, want)
	}
}
