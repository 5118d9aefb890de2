package receive

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/receive/savefile"
)

// pcapOf writes a pcap file of packets a millisecond apart.
func pcapOf(link layers.LinkType, packets ...[]byte) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	must(w.WriteFileHeader(1<<16, link))
	for i, p := range packets {
		at := start.Add(time.Duration(i) * time.Millisecond)
		must(w.WritePacket(gopacket.CaptureInfo{Timestamp: at, CaptureLength: len(p), Length: len(p)}, p))
	}
	return b.Bytes()
}

// pcapngOf writes a pcapng file with one interface per link type and one packet
// on each.
func pcapngOf(links []layers.LinkType, packets ...[]byte) []byte {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, links[0])
	must(err)
	for _, link := range links[1:] {
		_, err := w.AddInterface(pcapgo.NgInterface{LinkType: link, SnapLength: 1 << 16})
		must(err)
	}
	for i, p := range packets {
		info := gopacket.CaptureInfo{Timestamp: start, CaptureLength: len(p), Length: len(p), InterfaceIndex: i}
		must(w.WritePacket(info, p))
	}
	must(w.Flush())
	return b.Bytes()
}

// must is for writing to memory, which does not fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func captureSeeds() [][]byte {
	four := ipv4(v4a, v4b, 47, part{}, greOf(10))
	return [][]byte{
		pcapOf(layers.LinkTypeRaw, split4(greOf(100), 1, 40)...),
		pcapOf(layers.LinkTypeEthernet, ethernet(0x0800, four)),
		pcapngOf([]layers.LinkType{layers.LinkTypeRaw, layers.LinkTypeEthernet}, four, ethernet(0x0800, four)),
		gzipped(pcapOf(layers.LinkTypeRaw, four)),
	}
}

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	must(err)
	must(w.Close())
	return out.Bytes()
}

func ethernet(etherType uint16, payload []byte) []byte {
	b := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}
	return append(binary.BigEndian.AppendUint16(b, etherType), payload...)
}

func readFile(t *testing.T, b []byte) ([]kept, Counters, error) {
	t.Helper()
	f := NewFile(FileOptions{Path: "test.pcap", Reader: bytes.NewReader(b)})
	var out []kept
	err := f.Run(context.Background(), keep(&out))
	checkSum(t, f.Counters())
	return out, f.Counters(), err
}

func TestLinkTypes(t *testing.T) {
	four, six := ipv4(v4a, v4b, 47, part{}, greOf(10)), ipv6(v6a, v6b, 47, greOf(10))
	cat := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tag := []byte{0, 5, 0x81, 0x00}
	for name, test := range map[string]struct {
		link  layers.LinkType
		frame []byte
	}{
		"Ethernet":           {layers.LinkTypeEthernet, ethernet(0x0800, four)},
		"Ethernet padded":    {layers.LinkTypeEthernet, ethernet(0x0800, cat(four, make([]byte, 12)))},
		"Ethernet IPv6":      {layers.LinkTypeEthernet, ethernet(0x86DD, six)},
		"802.1Q":             {layers.LinkTypeEthernet, ethernet(0x8100, cat([]byte{0, 5, 8, 0}, four))},
		"QinQ":               {layers.LinkTypeEthernet, ethernet(0x88A8, cat(tag, []byte{0, 6, 8, 0}, four))},
		"three tags":         {layers.LinkTypeEthernet, ethernet(0x9100, cat(tag, tag, []byte{0, 6, 8, 0}, four))},
		"SLL":                {layers.LinkTypeLinuxSLL, cat(make([]byte, 14), []byte{8, 0}, four)},
		"SLL2":               {layers.LinkTypeLinuxSLL2, cat([]byte{8, 0}, make([]byte, 18), four)},
		"null, little":       {layers.LinkTypeNull, cat([]byte{2, 0, 0, 0}, four)},
		"null, big":          {layers.LinkTypeNull, cat([]byte{0, 0, 0, 2}, four)},
		"null, IPv6 FreeBSD": {layers.LinkTypeNull, cat([]byte{28, 0, 0, 0}, six)},
		"loop":               {layers.LinkTypeLoop, cat([]byte{0, 0, 0, 24}, six)},
		"raw":                {layers.LinkTypeRaw, four},
		"raw of BSD":         {layers.LinkType(savefile.LinkRawBSD), six},
		"raw of OpenBSD":     {layers.LinkType(savefile.LinkRawOpenBSD), four},
		"IPv4":               {layers.LinkTypeIPv4, four},
		"IPv6":               {layers.LinkTypeIPv6, six},
	} {
		t.Run(name, func(t *testing.T) {
			for format, file := range map[string][]byte{
				"pcap":   pcapOf(test.link, test.frame),
				"pcapng": pcapngOf([]layers.LinkType{test.link}, test.frame),
				"gzip":   gzipped(pcapOf(test.link, test.frame)),
			} {
				out, c, err := readFile(t, file)
				if err != nil || len(out) != 1 || !bytes.Equal(out[0].Payload, greOf(10)) || !out[0].Time().Equal(start) {
					t.Errorf("%s: %v, %d datagrams, %+v", format, err, len(out), c)
				}
			}
			for n := range test.frame { // no prefix may panic; a cut is not delivered as if it were whole
				out, _, err := readFile(t, pcapOf(test.link, test.frame[:n]))
				if err != nil || len(out) == 1 && !out[0].Truncated && !strings.Contains(name, "padded") {
					t.Errorf("prefix of %d bytes: %v, %d whole datagrams", n, err, len(out))
				}
			}
		})
	}
}

// A packet that leaves its length to the card, and that the capture cut, is as
// long as it was on the wire.
func TestCutFileOfASuperFrame(t *testing.T) {
	ip := ipv4(v4a, v4b, 47, part{}, greOf(2000))
	ip[2], ip[3] = 0, 0
	whole := ethernet(0x0800, ip)
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	must(w.WriteFileHeader(100, layers.LinkTypeEthernet))
	must(w.WritePacket(gopacket.CaptureInfo{Timestamp: start, CaptureLength: 100, Length: len(whole)}, whole[:100]))
	out, c, err := readFile(t, b.Bytes())
	if err != nil || len(out) != 1 || out[0].WireLen != len(ip) || !out[0].Truncated || len(out[0].Payload) != 66 {
		t.Errorf("%v, %+v, %+v", err, out, c)
	}
}

func TestMixedLinkTypes(t *testing.T) {
	four := ipv4(v4a, v4b, 47, part{}, greOf(10))
	links := []layers.LinkType{layers.LinkTypeRaw, layers.LinkTypeLinuxUSB, layers.LinkTypeEthernet}
	f := NewFile(FileOptions{Path: "mixed", Reader: bytes.NewReader(pcapngOf(links, four, four, ethernet(0x0800, four)))})
	var out []kept
	if err := f.Run(context.Background(), keep(&out)); err != nil {
		t.Fatal(err)
	}
	if len(out) != 2 || out[0].Number != 1 || out[1].Number != 3 {
		t.Errorf("got %+v", out)
	}
	if w := f.Describe().Warnings; len(w) != 1 || !strings.Contains(w[0], "220") {
		t.Errorf("the USB packet is not warned of: %q", w)
	}
}

// A file that breaks off anywhere gives what it had; the error names the packet.
func TestBrokenOffFile(t *testing.T) {
	four := ipv4(v4a, v4b, 47, part{}, greOf(10))
	for format, file := range map[string][]byte{
		"pcap":   pcapOf(layers.LinkTypeRaw, four, four),
		"pcapng": pcapngOf([]layers.LinkType{layers.LinkTypeRaw, layers.LinkTypeRaw}, four, four),
	} {
		complete, whole := 0, 0
		for n := range file {
			out, _, err := readFile(t, file[:n])
			if err == nil {
				complete++ // it ended between two packets
				continue
			}
			if strings.Contains(err.Error(), "packet 2") && len(out) == 1 && errors.Is(err, io.ErrUnexpectedEOF) {
				whole++
			}
		}
		// A record of pcap is 16 bytes of header and the packet; pcapng's has more.
		if complete > 5 || whole < 16+len(four)-1 {
			t.Errorf("%s: %d prefixes pass for complete, %d name packet 2", format, complete, whole)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	for name, test := range map[string]struct {
		file []byte
		want string
	}{
		"empty":     {nil, `"test.pcap": empty`},
		"short":     {[]byte{0xD4}, "too short"},
		"text":      {[]byte("hello, world, this is no capture"), "magic"},
		"bad gzip":  {[]byte{0x1F, 0x8B, 0, 0}, "EOF"},
		"link type": {pcapOf(layers.LinkTypeLinuxUSB), "link type 220"},
	} {
		if _, _, err := readFile(t, test.file); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	err := NewFile(FileOptions{Path: filepath.Join(t.TempDir(), "none.pcap")}).Open()
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.pcap") {
		t.Errorf("missing file: got %v", err)
	}
}

// Open reads a real path, counters work while nothing runs, Close releases it.
func TestFileLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "one.pcap")
	if err := os.WriteFile(path, pcapOf(layers.LinkTypeRaw, ipv4(v4a, v4b, 47, part{}, greOf(1))), 0o600); err != nil {
		t.Fatal(err)
	}
	f := NewFile(FileOptions{Path: path})
	if err := errors.Join(f.Open(), f.Open(), f.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if err := f.Run(context.Background(), Each(nil)); !errors.Is(err, ErrRunOnce) {
		t.Errorf("run after close: %v", err)
	}
	f = NewFile(FileOptions{Path: path})
	var out []kept
	if err := f.Run(context.Background(), keep(&out)); err != nil || len(out) != 1 {
		t.Errorf("run: %v, %d datagrams", err, len(out))
	}
	if err := f.Run(context.Background(), Each(nil)); !errors.Is(err, ErrRunOnce) {
		t.Errorf("second run: %v", err)
	}
	if d := f.Describe(); d.Kind != KindFile || d.Path != path {
		t.Errorf("got %+v", d)
	}
}

func TestFileStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	packets := slices.Repeat([][]byte{ipv4(v4a, v4b, 47, part{}, greOf(10))}, 3*maxFileBatch)
	cause := errors.New("enough")
	f := NewFile(FileOptions{Reader: bytes.NewReader(pcapOf(layers.LinkTypeRaw, packets...))})
	n := 0
	err := f.Run(ctx, Each(func(*Datagram) { n++; cancel(cause) }))
	if !errors.Is(err, cause) || n != maxFileBatch {
		t.Errorf("%v after %d datagrams", err, n)
	}
	checkSum(t, f.Counters())
}

// The hook learns the number and the reason; a datagram in pieces is told of once.
func TestRefusedHook(t *testing.T) {
	p := split4(greOf(3000), 1, 1000)
	damaged := ipv4(v4a, v4b, 47, part{}, greOf(10))
	damaged[0] = 0x41
	type refusal struct {
		number uint64
		why    Refusal
	}
	var got []refusal
	f := NewFile(FileOptions{
		Reader:  bytes.NewReader(pcapOf(layers.LinkTypeRaw, p[0], damaged, ipv4(v4a, v4b, 6, part{}, nil), p[1])),
		Refused: func(n uint64, why Refusal) { got = append(got, refusal{n, why}) },
	})
	if err := f.Run(context.Background(), Each(func(*Datagram) { t.Error("delivered") })); err != nil {
		t.Fatal(err)
	}
	want := []refusal{{2, RefusedOuter}, {4, RefusedFragmentIncomplete}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, want %v", got, want)
	}
}
