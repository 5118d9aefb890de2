package pcapng

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC).UnixNano()

// frame is an ARP request.
var frame = append([]byte("\xff\xff\xff\xff\xff\xff\x00\x50\x56\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x00\x50\x56\x00\x00\x01\x0a\x01\x00\x01"), make([]byte, 10)...)

func sample() []byte {
	b := Section{Comment: "a sample", Hardware: "a machine", OS: "linux", Application: "vspan"}.Append(nil)
	b = Interface{Name: "web-01 Network adapter 1 from-vm", Description: "session web-01", Filter: "arp", Link: Ethernet, SnapLength: 96, MAC: frame[6:12]}.Append(b)
	b = Interface{Name: "web-01 Network adapter 1 to-vm", Link: Ethernet}.Append(b)
	b = (&Packet{Interface: 0, Time: start, Data: frame, Direction: Outbound, Comments: []string{"first", "sent by esx-01"}}).Append(b)
	b = (&Packet{Interface: 1, Time: start + 1, Length: 1500, Data: frame, Direction: Inbound, Dropped: 7, Comments: []string{"3 mirror packets were lost before this one"}}).Append(b)
	b = (&Packet{Interface: 1, Time: start + 2, Data: frame}).Append(b)
	b = Statistics{Interface: 0, Time: start + 3, Start: start, End: start + 3, Received: 1, Delivered: 1}.Append(b)
	return Statistics{Interface: 1, Time: start + 3, Start: start, End: start + 3, Received: 9, Dropped: 7, DroppedOS: 2, Delivered: 2, Comment: "the end"}.Append(b)
}

// run runs a program of Wireshark's on a file, or skips the test where there is none.
func run(t *testing.T, content []byte, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s", name)
	}
	path := filepath.Join(t.TempDir(), "sample.pcapng")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, append(args, path)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

func TestCapinfosReadsIt(t *testing.T) {
	out := run(t, sample(), "capinfos")
	for _, want := range []string{
		"Wireshark/... - pcapng", "Number of interfaces in file: 2", "Name = web-01 Network adapter 1 from-vm", "Name = web-01 Network adapter 1 to-vm",
		"Description = session web-01", "Time precision = nanoseconds (9)", "Capture length = 96", "Filter string = arp",
		"Capture application: vspan", "Capture oper-sys:    linux", "Capture hardware:    a machine", "Capture comment:     a sample",
		"Number of packets:   3", "Number of stat entries = 1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
}

func TestTsharkReadsIt(t *testing.T) {
	out := run(t, sample(), "tshark", "-n", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;", "-e", "frame.time_epoch", "-e", "frame.interface_name",
		"-e", "frame.packet_flags_direction", "-e", "frame.comment", "-e", "frame.drop_count", "-e", "frame.len", "-e", "frame.cap_len", "-r")
	want := `1772366400.123456789|web-01 Network adapter 1 from-vm|0x00000002|first;sent by esx-01||42|42
1772366400.123456790|web-01 Network adapter 1 to-vm|0x00000001|3 mirror packets were lost before this one|7|1500|42
1772366400.123456791|web-01 Network adapter 1 to-vm||||42|42
`
	lines := strings.SplitAfter(out, "\n")
	var kept []string
	for _, l := range lines {
		if strings.Contains(l, "|") {
			kept = append(kept, l)
		}
	}
	if d := cmp.Diff(want, strings.Join(kept, "")); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCapinfosReadsPcap(t *testing.T) {
	b := AppendPcapHeader(nil, Ethernet, 0)
	for i := range int64(3) {
		b = (&Packet{Time: start + i, Data: frame, Length: 60}).AppendPcap(b)
	}
	out := run(t, b, "capinfos")
	for _, want := range []string{"nanosecond", "Number of packets:   3", "Data size:           180 bytes", ".123456789"} {
		if !strings.Contains(out, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
}

// A file that was cut anywhere is cut back to its last whole block.
func TestWhole(t *testing.T) {
	file := sample()
	ends := map[int64]bool{0: true}
	for at := 0; at < len(file); ends[int64(at)] = true {
		at += int(order.Uint32(file[at+4:]))
	}
	last := int64(0)
	for cut := range len(file) + 1 {
		if ends[int64(cut)] {
			last = int64(cut)
		}
		if n, err := Whole(bytes.NewReader(file[:cut])); err != nil || n != last {
			t.Fatalf("cut to %d: %d bytes, %v, want %d", cut, n, err, last)
		}
	}
	if n, err := Whole(bytes.NewReader(append(bytes.Clone(file), make([]byte, 4096)...))); err != nil || n != int64(len(file)) {
		t.Errorf("with zeros behind: %d, %v", n, err)
	}
	failed := errors.New("the disk failed")
	if _, err := Whole(io.MultiReader(bytes.NewReader(file[:100]), iotest.ErrReader(failed))); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
}

func TestAppendingAllocatesNothing(t *testing.T) {
	p := &Packet{Interface: 1, Time: start, Data: frame, Direction: Inbound, Dropped: 7, Comments: []string{"a comment"}}
	b := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { b = p.AppendPcap(p.Append(b[:0])) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestLongTextIsCutAtARune(t *testing.T) {
	for _, text := range []string{strings.Repeat("é", maxText), "a" + strings.Repeat("é", maxText), strings.Repeat("日", maxText)} {
		cut := printable(text)
		if len(cut) < maxText-4 || !strings.HasPrefix(text, cut) {
			t.Errorf("%d bytes of %d are left", len(cut), len(text))
		}
	}
	if got := printable("a\x00b\xffc"); got != "a?b?c" {
		t.Errorf("got %q", got)
	}
}
