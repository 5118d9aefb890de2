package savefile

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket/pcapgo"
)

// samples are captures from the field, kept outside the repository.
func samples(t *testing.T) []string {
	t.Helper()
	folder := os.Getenv("VSPAN_PCAPS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "..", "shared", "pcaps")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.pcap"))
	if err != nil || len(files) == 0 {
		t.Skipf("no captures in %s; VSPAN_PCAPS names their folder", folder)
	}
	return files
}

func lookTshark(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("no tshark to compare with")
	}
	return path
}

func read(t *testing.T, file string) []kept {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, err := readAll(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return packets
}

func TestSamplesAsPcapgo(t *testing.T) {
	for _, file := range samples(t) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		theirs, err := pcapgo.NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		got := read(t, file)
		for i, p := range got {
			data, info, err := theirs.ReadPacketData()
			want := kept{string(data), info.Length, info.Timestamp, LinkType(theirs.LinkType()), 0}
			if diff := cmp.Diff(want, p); err != nil || diff != "" {
				t.Fatalf("%s, packet %d: pcapgo (-) and this (+), %v:\n%s", file, i+1, err, diff)
			}
		}
		if _, _, err := theirs.ReadPacketData(); err == nil || len(got) == 0 {
			t.Errorf("%s: pcapgo has more than %d packets", file, len(got))
		}
	}
}

// The samples, written again by Wireshark in the formats that are read.
func TestSamplesAsWiresharkWritesThem(t *testing.T) {
	tshark := lookTshark(t)
	formats := []string{"pcapng", "modpcap", "nsecpcap", "pcap"}
	for i, file := range samples(t) {
		format := formats[i%len(formats)]
		t.Run(filepath.Base(file)+" "+format, func(t *testing.T) {
			t.Parallel()
			again := filepath.Join(t.TempDir(), "again")
			if out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-F", format, "-w", again).CombinedOutput(); err != nil {
				t.Fatalf("tshark: %v: %s", err, out)
			}
			if diff := cmp.Diff(read(t, file), read(t, again)); diff != "" {
				t.Errorf("the sample (-) and what Wireshark wrote (+):\n%s", diff)
			}
		})
	}
}

// seen is a packet as tshark lists it.
type seen struct {
	Time              string // in seconds since 1970; empty if the file does not say
	Captured, Length  int
	Interface, Number int
}

// tsharkSees lists the packets that tshark reads of a file, and whether it then complains.
func tsharkSees(t *testing.T, tshark, file string) (packets []seen, complains bool) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-T", "fields", "-E", "separator=|",
		"-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.cap_len", "-e", "frame.len", "-e", "frame.interface_id").Output()
	for line := range strings.Lines(string(out)) {
		columns := strings.Split(strings.TrimSuffix(line, "\n"), "|")
		numbers := make([]int, len(columns))
		for i, column := range columns {
			numbers[i], _ = strconv.Atoi(column) // the time is none, and a pcap file names no interface
		}
		packets = append(packets, seen{columns[1], numbers[2], numbers[3], numbers[4], numbers[0]})
	}
	return packets, err != nil
}

func TestMadeFilesAsTshark(t *testing.T) {
	tshark := lookTshark(t)
	files := map[string][]byte{}
	for end, order := range orders {
		for minor, magic := range []uint32{3: magicMicro, 4: magicModified} {
			if magic != 0 {
				m := pcapMaker{order, magic, 2, uint16(minor), uint32(LinkRaw)}
				files[fmt.Sprintf("pcap %x 2.%d %s", magic, minor, end)] = join(m.header(), m.whole(ip), m.record(5, 999_999, 20, 28, ip[:20]), m.whole(ip))
			}
		}
	}
	for name := range madeBlocks(plainPcapng) { // in either byte order, by turns
		m := pcapngMaker{orders[[]string{"little-endian", "big-endian"}[len(name)%2]]}
		files["pcapng "+name] = join(madeBlocks(m)[name], m.enhanced(0, 7, ip))
	}
	for name, parts := range sampleFiles() {
		file := join(parts...)
		files[name+" cut"] = file[:len(file)-1]
		files[name+" zipped"] = gzipped(t, file)
	}
	for name, b := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "made")
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			want, complains := tsharkSees(t, tshark, file)
			packets, err := readAll(bytes.NewReader(b))
			var got []seen
			for i, p := range packets {
				one := seen{"", len(p.Data), p.Length, p.Interface, i + 1}
				if !p.Time.IsZero() {
					one.Time = fmt.Sprintf("%d.%09d", p.Time.Unix(), p.Time.Nanosecond())
				}
				got = append(got, one)
			}
			if diff := cmp.Diff(want, got); diff != "" || complains != (err != nil) {
				t.Errorf("tshark (-), which complains: %v, and this (+): %v\n%s", complains, err, diff)
			}
		})
	}
}

// ip is a packet that no decoder can object to.
var ip = append([]byte{
	0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0x66, 0xCE, 10, 0, 0, 1, 10, 0, 0, 2,
}, 0xD4, 0x31, 0, 53, 0, 8, 0, 0)

// madeBlocks are beginnings of pcapng files, after each of which comes one more packet of interface 0.
func madeBlocks(m pcapngMaker) map[string][]byte {
	now := uint64(time.Date(2026, 3, 2, 8, 0, 0, 123_456_789, time.UTC).UnixNano())
	start := join(m.section(), m.iface(LinkRaw, 0))
	options := func(options ...[]byte) []byte { return join(m.section(), m.iface(LinkRaw, 0, options...)) }
	seconds := make([]byte, 8)
	m.PutUint64(seconds, 1<<64-7200) // -7200
	tail := m.enhanced(0, 0, ip)
	m.PutUint32(tail[len(tail)-4:], 99)
	unpadded := m.enhanced(0, 0, ip[:27])
	m.PutUint32(unpadded[4:], uint32(len(unpadded)-1))
	m.PutUint32(unpadded[len(unpadded)-4:], uint32(len(unpadded)-1))
	return map[string][]byte{
		"plain":                      start,
		"1.2":                        join(m.sectionOf(1, 2), m.iface(LinkRaw, 0)),
		"1.1":                        join(m.sectionOf(1, 1), m.iface(LinkRaw, 0)),
		"2.0":                        join(m.sectionOf(2, 0), m.iface(LinkRaw, 0)),
		"second section 2.0":         join(start, m.enhanced(0, 0, ip), m.sectionOf(2, 0), m.iface(LinkRaw, 0)),
		"second section":             join(start, m.enhanced(0, 0, ip), m.section(), m.iface(LinkRaw, 0)),
		"second section, little end": join(start, m.enhanced(0, now/1000, ip), plainPcapng.section(), plainPcapng.iface(LinkRaw, 0), plainPcapng.enhanced(0, 0, ip), m.section(), m.iface(LinkRaw, 0)),
		"section without interfaces": join(start, m.enhanced(0, 0, ip), m.section()),
		"no interface":               m.section(),
		"nanoseconds":                join(options(m.option(9, 9), m.option(0)), m.enhanced(0, now, ip)),
		"milliseconds":               join(options(m.option(9, 3)), m.enhanced(0, now/1e6, ip)),
		"seconds":                    join(options(m.option(9, 0)), m.enhanced(0, now/1e9, ip)),
		"binary":                     join(options(m.option(9, 0x94)), m.enhanced(0, now/1e9<<20|3<<18, ip)),
		"offset":                     join(options(m.option(14, seconds...)), m.enhanced(0, now/1e3, ip)),
		"option of a wrong length":   options(m.option(9, 9, 9)),
		"option too long":            options(m.words(9|400<<16, 9)),
		"simple":                     join(start, m.simple(uint32(len(ip)), ip)),
		"simple, cut":                join(m.section(), m.iface(LinkRaw, 20), m.simple(uint32(len(ip)), ip[:20])),
		"simple, short":              join(start, m.simple(uint32(len(ip)), ip[:20])),
		"simple without interface":   join(m.section(), m.simple(uint32(len(ip)), ip)),
		"obsolete":                   join(start, m.iface(LinkRaw, 0), m.obsolete(1, now/1000, ip)),
		"more captured than sent":    join(start, m.block(enhancedPacket, m.words(0, 0, 0, 28, 20), ip)),
		"no room":                    join(start, m.block(enhancedPacket, m.words(0, 0, 0, 100, 100), ip)),
		"too much":                   join(start, m.enhanced(0, 0, make([]byte, maxPacket+1))),
		"the most":                   join(start, m.enhanced(0, 0, append(ip, make([]byte, maxPacket-len(ip))...))),
		"beyond the snap length":     join(m.section(), m.iface(LinkRaw, 20), m.enhanced(0, 0, ip)),
		"skipped":                    join(start, m.block(5, make([]byte, 12)), m.block(0x7FFF_FFFF, make([]byte, 3*chunk))),
		"length 8":                   join(start, m.words(0x7FFF_FFFF, 8, 8)),
		"length 12":                  join(start, m.words(0x7FFF_FFFF, 12, 12)),
		"nearly 4 GiB":               join(start, m.words(0x7FFF_FFFF, 1<<32-4, 12)),
		"other length at the end":    join(start, tail),
		"unpadded":                   join(start, unpadded),
		"short enhanced":             join(start, m.block(enhancedPacket, m.words(0))),
		"short interface":            join(m.section(), m.block(interfaceDescription, m.words(0))),
		"short section":              m.block(sectionHeader, m.words(byteOrderMagic)),
		"unknown interface":          join(start, m.enhanced(1, 0, ip)),
		"two links":                  join(start, m.iface(LinkEthernet, 0), m.enhanced(1, 0, append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, ip...))),
	}
}
