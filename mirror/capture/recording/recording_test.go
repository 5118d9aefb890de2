package recording

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
)

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC)
	esx1  = netip.MustParseAddr("10.0.0.11")
	esx2  = netip.MustParseAddr("10.0.0.12")
	arp   = append([]byte("\xff\xff\xff\xff\xff\xff\x00\x50\x56\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01\x00\x50\x56\x00\x00\x01\x0a\x01\x00\x01"), make([]byte, 10)...)
	ipv4  = []byte{0x45, 0, 0, 24, 0, 1, 0, 0, 64, 253, 0, 0, 10, 1, 0, 1, 10, 1, 0, 2, 1, 2, 3, 4}
)

func frameAt(i int, d mirror.Direction, change func(*capture.Frame)) *capture.Frame {
	f := &capture.Frame{
		Time: start.Add(time.Duration(i) * time.Second).UnixNano(), UID: "u1", PortKey: "112", Host: "esx-01", Exporter: esx1, Direction: d,
		Data: arp, Length: len(arp),
	}
	if change != nil {
		change(f)
	}
	return f
}

func names(uid, portKey string) Source {
	if uid != "u1" {
		return Source{}
	}
	if portKey != "112" {
		return Source{Session: "web-01"}
	}
	return Source{Session: "web-01", VM: "web-01", NIC: "Network adapter 1", MAC: arp[6:12]}
}

// story is a recording of everything that can happen.
func story() []byte {
	drops := uint64(100)
	r := New(Options{Application: "vspan test", Name: names, KernelDrops: func() uint64 { return drops }})
	b := r.Begin(nil, start)
	b = r.Declare(b, "u1", "112", mirror.FromVM)
	b = r.Declare(b, "u1", "112", mirror.ToVM)
	for i, f := range []*capture.Frame{
		frameAt(0, mirror.ToVM, nil),
		frameAt(1, mirror.FromVM, nil),
		frameAt(2, mirror.FromVM, func(f *capture.Frame) { f.Gap = 3 }),
		frameAt(3, mirror.FromVM, func(f *capture.Frame) { f.Gap, f.Lost = 1, 12 }),
		frameAt(4, mirror.FromVM, func(f *capture.Frame) { f.Host, f.Exporter = "esx-02", esx2 }),
		frameAt(5, mirror.Both, func(f *capture.Frame) { f.PortKey = "" }),
		frameAt(6, mirror.FromVM, func(f *capture.Frame) { f.Data, f.Length, f.Bare = ipv4, 500, true }),
	} {
		if i == 3 {
			drops += 5
		}
		b = r.Append(b, f)
	}
	return r.End(b, start.Add(time.Minute), 2)
}

// run runs a program of Wireshark's on a file, or skips the test where there is none.
func run(t *testing.T, content []byte, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s", name)
	}
	path := filepath.Join(t.TempDir(), "recording")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	var complaints bytes.Buffer
	cmd := exec.Command(program, append(args, path)...)
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, &complaints)
	}
	return string(out)
}

func TestTsharkReadsTheStory(t *testing.T) {
	out := run(t, story(), "tshark", "-n", "-T", "fields", "-E", "separator=|", "-E", "aggregator=;", "-e", "frame.interface_name",
		"-e", "frame.packet_flags_direction", "-e", "frame.comment", "-e", "frame.drop_count", "-e", "frame.len", "-e", "frame.protocols", "-r")
	const from, to = "web-01 Network adapter 1 from-vm|0x00000002|", "web-01 Network adapter 1 to-vm|0x00000001|"
	want := strings.Join([]string{
		to + "mirrored by host esx-01 (10.0.0.11) from here on||42|eth:ethertype:arp",
		from + "mirrored by host esx-01 (10.0.0.11) from here on||42|eth:ethertype:arp",
		from + "3 mirror packets were lost before this one||42|eth:ethertype:arp",
		from + "1 mirror packet was lost before this one;12 frames were not captured before this one: they were not read in time|12|42|eth:ethertype:arp",
		from + "mirrored by host esx-02 (10.0.0.12) from here on||42|eth:ethertype:arp",
		"session web-01, source not known, direction not known||mirrored by host esx-01 (10.0.0.11) from here on||42|eth:ethertype:arp",
		from + "mirrored by host esx-01 (10.0.0.11) from here on||500|raw:ip:data",
	}, "\n") + "\n"
	if d := cmp.Diff(want, out); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCapinfosReadsTheStory(t *testing.T) {
	out := run(t, story(), "capinfos")
	for _, want := range []string{
		"Number of interfaces in file: 4", "Name = web-01 Network adapter 1 from-vm", "Description = session web-01, port 112, frames that the VM sent",
		"Name = web-01 Network adapter 1 to-vm", "Encapsulation = Raw IP", "Number of stat entries = 1", "Number of packets:   7", "vspan test",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("capinfos does not say %q:\n%s", want, out)
		}
	}
}

func TestStatistics(t *testing.T) {
	r, err := pcapgo.NewNgReader(bytes.NewReader(story()), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, _, err := r.ReadPacketData(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []struct{ received, dropped uint64 }{{4 + 12 + 2, 12 + 2}, {1, 0}, {1, 0}, {1, 0}} {
		face, err := r.Interface(i)
		if err != nil {
			t.Fatal(err)
		}
		s := face.Statistics
		if s.PacketsReceived != want.received || s.PacketsDropped != want.dropped || !s.StartTime.Equal(start) || !s.EndTime.Equal(start.Add(time.Minute)) {
			t.Errorf("interface %d: %+v, want %+v", i, s, want)
		}
	}
	for _, text := range []string{
		"4 mirror packets lost on their way to the receiver; 14 frames not captured because they were not read in time; 5 packets of whatever session dropped by the receiver's kernel",
	} {
		if !bytes.Contains(story(), []byte(text)) {
			t.Errorf("no block says %q", text)
		}
	}
}

func TestPcap(t *testing.T) {
	r := New(Options{Format: PCAP, Name: names})
	b := r.Begin(nil, start)
	b = r.Declare(b, "u1", "112", mirror.FromVM)
	b = r.Append(b, frameAt(0, mirror.FromVM, func(f *capture.Frame) { f.Gap = 3 }))
	b = r.Append(b, frameAt(1, mirror.FromVM, func(f *capture.Frame) { f.Data, f.Length, f.Bare = ipv4, 500, true }))
	b = r.End(b, start, 0)
	out := run(t, b, "tshark", "-n", "-T", "fields", "-E", "separator=|", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len", "-e", "frame.protocols", "-r")
	want := "1772366400.000000005|42|42|eth:ethertype:arp\n1772366401.000000005|514|38|eth:ethertype:ip:data\n"
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestOuter(t *testing.T) {
	for _, format := range []Format{PCAPNG, PCAP} {
		r := New(Options{Format: format, Outer: true, Name: names})
		b := r.Begin(nil, start)
		b = r.Append(b, frameAt(0, mirror.FromVM, func(f *capture.Frame) { f.Outer, f.OuterLength = ipv4, 600 }))
		out := run(t, b, "tshark", "-n", "-T", "fields", "-E", "separator=|", "-e", "frame.len", "-e", "frame.protocols", "-e", "ip.proto", "-r")
		if out != "600|raw:ip:data|253\n" {
			t.Errorf("format %d: got %q", format, out)
		}
	}
}

func TestAppendAllocatesNothing(t *testing.T) {
	for _, format := range []Format{PCAPNG, PCAP} {
		r := New(Options{Format: format, Name: names})
		b := r.Begin(make([]byte, 0, 4096), start)
		f := frameAt(0, mirror.FromVM, func(f *capture.Frame) { f.Bare, f.Data = true, ipv4 })
		b = r.Append(b, f)
		if n := testing.AllocsPerRun(100, func() { b = r.Append(b[:0], f) }); n != 0 {
			t.Errorf("format %d: %v allocations", format, n)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	r := New(Options{Name: names})
	buffer := r.Begin(make([]byte, 0, 1<<16), start)
	f := frameAt(0, mirror.FromVM, func(f *capture.Frame) { f.Data = make([]byte, 334); f.Length = 334 })
	b.ReportAllocs()
	for b.Loop() {
		buffer = r.Append(buffer[:0], f)
	}
}
