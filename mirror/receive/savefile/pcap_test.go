package savefile

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPcapVariants(t *testing.T) {
	micro := time.Unix(1_700_000_000, 123_456_000).UTC()
	for name, c := range map[string]struct {
		magic         uint32
		minor         uint16
		fraction      uint32
		first, second uint32 // the lengths of the second packet, of which 5 bytes were captured
		time          time.Time
	}{
		"2.4":               {magicMicro, 4, 123_456, 5, 9, micro},
		"2.4, nanoseconds":  {magicNano, 4, 123_456_789, 5, 9, micro.Add(789)},
		"2.4, modified":     {magicModified, 4, 123_456, 5, 9, micro},
		"2.3":               {magicMicro, 3, 123_456, 5, 9, micro},
		"2.3, other order":  {magicMicro, 3, 123_456, 9, 5, micro},
		"2.3, modified":     {magicModified, 3, 123_456, 9, 5, micro},
		"2.2":               {magicMicro, 2, 123_456, 9, 5, micro},
		"2.0":               {magicMicro, 0, 123_456, 9, 5, micro},
		"2.4, a strange µs": {magicMicro, 4, 1_123_456, 5, 9, micro.Add(time.Second)},
	} {
		for end, order := range orders {
			m := pcapMaker{order, c.magic, 2, c.minor, 0x2C00_0000 | uint32(LinkEthernet)} // says that there is a frame check sequence
			file := join(m.header(), m.whole([]byte("first")), m.record(1_700_000_000, c.fraction, c.first, c.second, []byte("cut s")), m.whole(nil))
			for format, b := range map[string][]byte{"plain": file, "gzip": gzipped(t, file)} {
				got, err := readBytes(b)
				second := time.Unix(1_700_000_000, 5_000).UTC()
				if c.magic == magicNano {
					second = time.Unix(1_700_000_000, 5).UTC()
				}
				want := []kept{
					{Data: "first", Length: 5, Time: second, Link: LinkEthernet},
					{Data: "cut s", Length: 9, Time: c.time, Link: LinkEthernet},
					{Time: second, Link: LinkEthernet},
				}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s, %s, %s: %v\n%s", name, end, format, err, diff)
				}
			}
		}
	}
}

func TestLinkOfTheFile(t *testing.T) {
	r, err := NewReader(bytes.NewReader(plainPcap.header()))
	if err != nil {
		t.Fatal(err)
	}
	if link, ok := r.Link(); link != LinkRaw || !ok {
		t.Errorf("pcap: %v, %v", link, ok)
	}
	if r, err = NewReader(bytes.NewReader(plainPcapng.section())); err != nil {
		t.Fatal(err)
	}
	if link, ok := r.Link(); ok {
		t.Errorf("pcapng: %v, though each interface has its own", link)
	}
}

func TestInputsThatAreNone(t *testing.T) {
	old, new := plainPcap, plainPcap
	old.major, new.minor = 1, 5
	for name, c := range map[string]struct {
		input []byte
		want  string
		cut   bool
	}{
		"nothing":          {nil, "empty: neither pcap nor pcapng", true},
		"three bytes":      {[]byte{0xD4, 0xC3, 0xB2}, "too short for pcap or pcapng", true},
		"text":             {[]byte("hello, world, this is no capture"), "unknown magic number 68656c6c", false},
		"short text":       {[]byte("hello"), "unknown magic number 68656c6c", false},
		"version 1.4":      {old.header(), "pcap header: version 1.4 is not read", false},
		"version 2.5":      {new.header(), "pcap header: version 2.5 is not read", false},
		"cut header":       {plainPcap.header()[:20], "pcap header: the input ends inside it", true},
		"gzip of nothing":  {gzipped(t, nil), "empty: neither pcap nor pcapng", true},
		"gzip of text":     {gzipped(t, []byte("hello, world")), "unknown magic number", false},
		"cut gzip header":  {[]byte{0x1F, 0x8B, 8}, "gzip header", true},
		"bad gzip header":  {append([]byte{0x1F, 0x8B, 9}, make([]byte, 20)...), "gzip header: gzip: invalid header", false},
		"cut gzip":         {gzipped(t, plainPcap.header())[:12], "too short for pcap or pcapng", true},
		"gzip within gzip": {gzipped(t, gzipped(t, plainPcap.header())), "unknown magic number 1f8b", false},
	} {
		_, err := NewReader(bytes.NewReader(c.input))
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, io.ErrUnexpectedEOF) != c.cut {
			t.Errorf("%s: %v, want %q, broken off: %v", name, err, c.want, c.cut)
		}
	}
}

func TestDamagedPcap(t *testing.T) {
	huge := plainPcap
	huge.link = uint32(LinkUSBPcap)
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"a packet beyond the limit":         {plainPcap.record(0, 0, maxPacket+1, maxPacket+1, nil), "packet 2: 262145 captured bytes of one packet, more than the 262144"},
		"a packet of 4 GiB":                 {plainPcap.record(0, 0, 1<<32-1, 1<<32-1, nil), "packet 2: 4294967295 captured bytes"},
		"a huge packet, and it never comes": {plainPcap.record(0, 0, maxPacket, maxPacket, nil), "packet 2: the input ends inside its data"},
	} {
		got, err := readBytes(join(plainPcap.header(), plainPcap.whole([]byte("first")), c.input))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(got) != 1 {
			t.Errorf("%s: %v after %d packets, want %q after one", name, err, len(got), c.want)
		}
	}
	big := bytes.Repeat([]byte("big"), maxHugePacket/3)
	if got, err := readBytes(join(huge.header(), huge.whole(big), huge.whole(nil))); err != nil || len(got) != 2 || got[0].Data != string(big) {
		t.Errorf("USB with a packet of %d bytes: %v, %d packets", len(big), err, len(got))
	}
}
