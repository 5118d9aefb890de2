package savefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPcapng(t *testing.T) {
	for end, order := range orders {
		m := pcapngMaker{order}
		micro := time.Unix(1_700_000_000, 123_456_000).UTC()
		second := pcapngMaker{orders["big-endian"]}
		file := join(
			m.section(),
			m.iface(LinkEthernet, 0),
			m.block(5, make([]byte, 12)), // interface statistics
			m.iface(LinkRaw, 6, m.option(2, []byte("eth0")...), m.option(optionResolution, 9), m.option(optionEnd), []byte("not an option")),
			m.enhanced(0, 1_700_000_000_123_456, []byte("first")),
			m.block(0x0BAD, []byte("custom")),
			m.enhanced(1, 1_700_000_000_123_456_789, []byte("second")),
			m.block(enhancedPacket, m.words(1, 0, 5, 3, 1500), []byte("cut"), []byte{0}, m.option(1, []byte("a comment")...)),
			m.obsolete(1, 9, []byte("old")),
			m.simple(3, []byte("see")),
			second.sectionOf(1, 2),
			second.iface(LinkLinuxSLL, 4),
			second.block(0x8000_0001, bytes.Repeat([]byte("private"), chunk)),
			second.simple(1500, []byte("simple of which the snap length leaves four bytes")),
			second.enhanced(0, 0, nil),
		)
		want := []kept{
			{"first", 5, micro, LinkEthernet, 0},
			{"second", 6, micro.Add(789), LinkRaw, 1},
			{"cut", 1500, time.Unix(0, 5).UTC(), LinkRaw, 1},
			{"old", 3, time.Unix(0, 9).UTC(), LinkRaw, 1},
			{"see", 3, time.Time{}, LinkEthernet, 0},
			{"simp", 1500, time.Time{}, LinkLinuxSLL, 0},
			{"", 0, time.Unix(0, 0).UTC(), LinkLinuxSLL, 0},
		}
		for format, b := range map[string][]byte{"plain": file, "gzip": gzipped(t, file)} {
			got, err := readBytes(b)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v\n%s", end, format, err, diff)
			}
		}
	}
}

func TestTimes(t *testing.T) {
	m := plainPcapng
	offset := func(seconds int64) []byte {
		return m.option(optionOffset, binary.LittleEndian.AppendUint64(nil, uint64(seconds))...)
	}
	for name, c := range map[string]struct {
		options []byte
		ticks   uint64
		want    time.Time
	}{
		"µs unless it says otherwise":  {nil, 1_700_000_000_123_456, time.Unix(1_700_000_000, 123_456_000)},
		"s":                            {m.option(9, 0), 1_700_000_000, time.Unix(1_700_000_000, 0)},
		"ms":                           {m.option(9, 3), 1_700_000_000_123, time.Unix(1_700_000_000, 123_000_000)},
		"ns":                           {m.option(9, 9), 1_700_000_000_123_456_789, time.Unix(1_700_000_000, 123_456_789)},
		"ps":                           {m.option(9, 12), 17_000_123_456_789_999, time.Unix(17_000, 123_456_789)},
		"10^-19 s":                     {m.option(9, 19), 1<<64 - 1, time.Unix(1, 844_674_407)},
		"2^-10 s":                      {m.option(9, 0x8A), 1_700_000_000<<10 | 512, time.Unix(1_700_000_000, 500_000_000)},
		"2^-32 s":                      {m.option(9, 0xA0), 1_700_000_000<<32 | 1<<31, time.Unix(1_700_000_000, 500_000_000)},
		"2^-63 s":                      {m.option(9, 0xBF), 1<<64 - 1, time.Unix(1, 999_999_999)},
		"10^-20 s is no unit of 64":    {m.option(9, 20), 1_700_000_000, time.Time{}},
		"2^-64 s is none":              {m.option(9, 0xC0), 1_700_000_000, time.Time{}},
		"an offset":                    {offset(1_700_000_000), 5, time.Unix(1_700_000_000, 5_000)},
		"an offset back, in ns":        {join(offset(-5), m.option(9, 9)), 6_000_000_001, time.Unix(1, 1)},
		"the last of two counts":       {join(m.option(9, 3), m.option(9, 6)), 1_000_000, time.Unix(1, 0)},
		"options of wrong lengths":     {join(m.option(9, 3, 3), m.option(14, 1)), 1_000_000, time.Unix(1, 0)},
		"nothing counts after the end": {join(m.option(0), m.option(9, 3)), 1_000_000, time.Unix(1, 0)},
	} {
		got, err := readBytes(join(m.section(), m.iface(LinkRaw, 0, c.options), m.enhanced(0, c.ticks, nil)))
		if err != nil || len(got) != 1 || !got[0].Time.Equal(c.want) {
			t.Errorf("%s: %v (%v), want %v", name, got, err, c.want)
		}
	}
}

// Wireshark reads blocks whose length leaves their padding out, and so do we.
func TestLengthsWithoutPadding(t *testing.T) {
	m := plainPcapng
	b := m.enhanced(0, 0, []byte("12345"))
	binary.LittleEndian.PutUint32(b[4:], uint32(len(b)-3))
	binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(len(b)-3))
	got, err := readBytes(join(m.section(), m.iface(LinkRaw, 0), b, b))
	if err != nil || len(got) != 2 || got[1].Data != "12345" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDamagedPcapng(t *testing.T) {
	m := plainPcapng
	good := join(m.section(), m.iface(LinkRaw, 0), m.enhanced(0, 0, []byte("first")))
	tail := func(b []byte, n uint32) []byte { return join(b[:len(b)-4], m.words(n)) }
	bigEndianSection := pcapngMaker{orders["big-endian"]}.section()
	badMagic := m.section()
	badMagic[8] ^= 1
	for name, c := range map[string]struct {
		input []byte
		want  string
	}{
		"length below an empty block":     {m.words(99, 8, 8), "type 0x00000063: a length of 8 bytes, which is not from 12"},
		"length of nearly 4 GiB":          {m.words(99, 1<<32-1, 0), "type 0x00000063: a length of 4294967296 bytes, which is not"},
		"a packet of nearly 4 GiB":        {m.words(6, 1<<32-8, 0), "enhanced packet: a length of 4294967288 bytes, which is not"},
		"lengths differ":                  {tail(m.enhanced(0, 0, []byte("1234")), 32), "enhanced packet: the length is 36 bytes at its start and 32 at its end"},
		"lengths of a skipped one differ": {tail(m.block(99, []byte("1234")), 99), "type 0x00000063: the length is 16 bytes at its start and 100 at its end"},
		"unknown interface":               {m.enhanced(1, 0, nil), "enhanced packet: interface 1 of a section that has 1"},
		"unknown interface 2^32-1":        {m.enhanced(1<<32-1, 0, nil), "interface 4294967295 of a section that has 1"},
		"unknown interface of the old":    {m.obsolete(1, 0, nil), "obsolete packet: interface 1 of a section that has 1"},
		"new section without interfaces":  {join(m.section(), m.simple(0, nil)), "packet 2, block 5: simple packet: interface 0 of a section that has 0"},
		"more data than the block":        {m.block(enhancedPacket, m.words(0, 0, 0, 5, 5), []byte("1234")), "enhanced packet: 5 captured bytes in a block with room for 4"},
		"more data than there can be":     {m.block(enhancedPacket, m.words(0, 0, 0, 1<<31, 0)), "enhanced packet: 2147483648 captured bytes of one packet"},
		"simple with less":                {m.simple(5, []byte("1234")), "simple packet: 5 captured bytes in a block with room for 4"},
		"short enhanced":                  {m.block(enhancedPacket, m.words(0, 0, 0, 0)), "enhanced packet: a body of 16 bytes, less than 20"},
		"short obsolete":                  {m.block(obsoletePacket), "obsolete packet: a body of 0 bytes, less than 20"},
		"short simple":                    {m.block(simplePacket), "simple packet: a body of 0 bytes, less than 4"},
		"short interface":                 {m.block(interfaceDescription, m.words(0)), "interface description: a body of 4 bytes, less than 8"},
		"short section":                   {m.block(sectionHeader, m.words(byteOrderMagic)), "section header: a body of 4 bytes, less than 16"},
		"option longer than the block":    {m.iface(LinkRaw, 0, m.words(9|400<<16, 9)), "interface description: it ends inside option 9 of 400 bytes"},
		"version 1.1":                     {m.sectionOf(1, 1), "section header: version 1.1 is not read"},
		"version 2.0":                     {m.sectionOf(2, 0), "section header: version 2.0 is not read"},
		"byte-order magic":                {badMagic, "section header: unknown byte-order magic number 4c3c2b1a"},
		"a byte order but for the length": {join(bigEndianSection[:4], m.words(28), bigEndianSection[8:]), "section header: a length of 469762048 bytes"},
	} {
		got, err := readBytes(join(good, c.input))
		if err == nil || !strings.Contains(err.Error(), c.want) || len(got) != 1 {
			t.Errorf("%s: %v after %d packets, want %q after one", name, err, len(got), c.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "packet 2, block ") {
			t.Errorf("%s: %v: it does not name the packet and the block", name, err)
		}
		if strings.Contains(c.want, "section header") {
			if _, err := NewReader(bytes.NewReader(c.input)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v as the first block, want %q", name, err, c.want)
			}
		}
	}
}

func TestEndlessInterfaces(t *testing.T) {
	m := plainPcapng
	file := join(m.section(), bytes.Repeat(m.iface(LinkRaw, 0), maxInterfaces))
	if _, err := readBytes(file); err != nil {
		t.Errorf("%d interfaces: %v", maxInterfaces, err)
	}
	want := fmt.Sprintf("block %d: interface description: more than %d interfaces", maxInterfaces+2, maxInterfaces)
	if _, err := readBytes(join(file, m.iface(LinkRaw, 0))); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("one more: %v, want %q", err, want)
	}
	if _, err := readBytes(join(file, file)); err != nil {
		t.Errorf("as many in the next section: %v", err)
	}
}
