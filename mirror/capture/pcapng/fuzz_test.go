package pcapng

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gopacket/gopacket/pcapgo"
)

// Whatever is in a frame, a name or a comment, what is written parses, and says the same.
func FuzzWriter(f *testing.F) {
	f.Add("web-01 Network adapter 1", "a gap", []byte("frame"), int64(1_700_000_000_123_456_789), 1500, uint64(3), uint8(1), uint16(0))
	f.Add("\x00\xff", "é", []byte{}, int64(-1), -1, uint64(math.MaxUint64), uint8(2), uint16(40_000))
	f.Add("", "\x00", bytes.Repeat([]byte{0x0A, 0x0D, 0x0D, 0x0A}, 50), int64(math.MaxInt64), math.MaxInt, uint64(0), uint8(9), uint16(1))
	f.Fuzz(func(t *testing.T, name, comment string, data []byte, when int64, length int, dropped uint64, direction uint8, repeat uint16) {
		comment = strings.Repeat(comment, min(int(repeat), 1+2*maxText/max(len(comment), 1)))
		p := Packet{
			Interface: 1, Time: when, Length: length, Data: data, Direction: Direction(direction), Dropped: dropped, Comments: []string{comment, name},
		}
		file := Section{Comment: comment, Application: name, Hardware: name, OS: comment}.Append(nil)
		file = Interface{Link: Ethernet, Name: name, Description: comment, Filter: name}.Append(file)
		file = Interface{Link: RawIP, Name: comment, MAC: data, SnapLength: length}.Append(file)
		if length > 0 && length < len(data) {
			p.Data = data[:length] // no more than the snap length that the interface says
		}
		file = p.Append(file)
		file = p.Append(file)
		file = Statistics{Interface: 1, Time: when, Start: when, End: when, Received: dropped, Dropped: dropped, Comment: comment}.Append(file)
		whole := len(file)
		read(t, file, p, printable(name))
		if n, err := Whole(bytes.NewReader(append(file, data...))); err != nil || n < int64(whole) {
			t.Errorf("%d bytes of %d are whole blocks: %v", n, whole, err)
		}
		if text := printable(comment); !utf8.ValidString(text) || len(text) > maxText || strings.Contains(text, "\x00") {
			t.Errorf("%q is written", text)
		}
		readPcap(t, p)
	})
}

func read(t *testing.T, file []byte, p Packet, name string) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		data, info, err := r.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, p.Data) || info.InterfaceIndex != 1 || info.Length < info.CaptureLength {
			t.Errorf("read back: %+v, %d bytes of %d", info, len(data), len(p.Data))
		}
		if at := time.Unix(0, max(p.Time, 0)); !info.Timestamp.Equal(at) {
			t.Errorf("at %v, want %v", info.Timestamp, at)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("after the last packet: %v", err)
	}
	if i, err := r.Interface(0); err != nil || i.Name != name {
		t.Errorf("interface %q, want %q: %v", i.Name, name, err)
	}
	if r.SectionInfo().Application != name {
		t.Errorf("application %q, want %q", r.SectionInfo().Application, name)
	}
}

func readPcap(t *testing.T, p Packet) {
	t.Helper()
	r, err := pcapgo.NewReader(bytes.NewReader(p.AppendPcap(AppendPcapHeader(nil, Ethernet, 0))))
	if err != nil {
		t.Fatal(err)
	}
	data, info, err := r.ReadPacketData()
	if len(p.Data) > pcapSnapLength {
		return
	}
	if err != nil || !bytes.Equal(data, p.Data) {
		t.Fatalf("pcap: %v, %d bytes of %d", err, len(data), len(p.Data))
	}
	if at := time.Unix(0, max(p.Time, 0)); at.Unix() < math.MaxUint32 && !info.Timestamp.Equal(at) {
		t.Errorf("pcap: at %v, want %v", info.Timestamp, at)
	}
}

// Whatever a file was cut to, what Whole leaves of it parses.
func FuzzWhole(f *testing.F) {
	f.Add(sample(), uint16(200))
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{0x0A, 0x0D, 0x0D, 0x0A, 0xFF, 0xFF, 0xFF, 0xFF}, uint16(8))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		n, err := Whole(bytes.NewReader(b[:min(int(cut), len(b))]))
		if err != nil || n > int64(cut) || n%4 != 0 {
			t.Errorf("%d of %d bytes: %v", n, cut, err)
		}
	})
}
