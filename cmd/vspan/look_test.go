package main

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/frame"
)

// conversationFile is a capture of frames: a fetch over HTTP whose answer would move a cursor, of which a part is missing.
func conversationFile(t *testing.T) string {
	t.Helper()
	out := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0)
	client, server := netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:80")
	const ask, head, gap, rest = "GET /\x1b[2J HTTP/1.1\r\nHost: www\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\na\x1b]0;x", 4, "rest\n"
	for i, s := range []struct {
		fromClient bool
		flags      byte
		seq, ack   uint32
		data       string
	}{
		{true, 2, 0, 0, ""}, {false, 0x12, 0, 1, ""}, {true, 0x10, 1, 1, ask}, {false, 0x10, 1, 1 + uint32(len(ask)), head},
		{false, 0x10, 1 + uint32(len(head)) + gap, 1 + uint32(len(ask)), rest},
		{true, 0x10, 1 + uint32(len(ask)), 1 + uint32(len(head)+len(rest)) + gap, ""},
	} {
		src, dst := client, server
		if !s.fromClient {
			src, dst = server, client
		}
		b := binary.BigEndian.AppendUint16(nil, src.Port())
		b = binary.BigEndian.AppendUint16(b, dst.Port())
		b = binary.BigEndian.AppendUint32(b, s.seq)
		b = binary.BigEndian.AppendUint32(b, s.ack)
		b = append(append(b, 5<<4, s.flags, 255, 255, 0, 0, 0, 0), s.data...)
		ip := frame.IP{Version: 4, Src: src.Addr(), Dst: dst.Addr(), Protocol: frame.ProtocolTCP, TTL: 64, HeaderLen: 20, TotalLen: 20 + len(b)}
		b = append(ip.AppendHeader(frame.Ethernet{Dst: frame.MAC{2, 0, 0, 0, 0, 1}, EtherType: frame.EtherTypeIPv4}.AppendHeader(nil)), b...)
		for _, n := range []int{1_700_000_000 + i, 0, len(b), len(b)} {
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, b...)
	}
	name := filepath.Join(t.TempDir(), "talk.pcap")
	if err := os.WriteFile(name, out, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// printed is what vspan prints, run in this process.
func printed(t *testing.T, args ...string) (out, notes string, err error) {
	t.Helper()
	root := newRootCommand()
	var data, remarks bytes.Buffer
	root.SetArgs(args)
	root.SetOut(&data)
	root.SetErr(&remarks)
	err = root.ExecuteContext(t.Context())
	return data.String(), remarks.String(), err
}

func TestLookingIntoAFile(t *testing.T) {
	file := conversationFile(t)
	for _, c := range []struct {
		args  []string
		wants []string
	}{
		{[]string{"flows", "-r", file}, []string{"tcp", "10.0.0.1:40000", "10.0.0.2:80", "established", " 2s "}},
		{[]string{"flows", "-r", file, "--port", "81"}, nil},
		{[]string{"follow", "-r", file}, []string{"http", `GET http://www/\x1b[2J  200`, " 4 "}},
		{[]string{"follow", "-r", file, "--http"}, []string{"2023-11-14T22:13:22.000Z  10.0.0.1:40000", `\x1b[2J`, "4 missing"}},
		{[]string{"follow", "-r", file, "10.0.0.2:80"}, []string{"stream 1: 10.0.0.1:40000 > 10.0.0.2:80", `> GET /\x1b[2J HTTP/1.1` + "\n> Host: www\n", `< a\x1b]0;x` + "\n< [4 bytes missing]\n< rest\n"}},
		{[]string{"talkers", "-r", file}, []string{"10.0.0.1", "tcp/80"}},
		{[]string{"talkers", "-r", file, "-o", "json"}, []string{`"edges": [`, `"port": 80`}},
	} {
		out, _, err := printed(t, c.args...)
		if err != nil {
			t.Errorf("%v: %v", c.args, err)
		}
		for _, want := range c.wants {
			if !strings.Contains(out, want) {
				t.Errorf("%v prints no %q:\n%s", c.args, want, out)
			}
		}
		if strings.ContainsRune(out, 0x1b) {
			t.Errorf("%v lets an escape sequence through: %q", c.args, out)
		}
		if c.wants == nil && strings.Contains(out, "10.0.0.1") {
			t.Errorf("%v prints what is not asked for:\n%s", c.args, out)
		}
	}
}

func TestLookingIsRefused(t *testing.T) {
	file := conversationFile(t)
	broken := filepath.Join(t.TempDir(), "broken.pcap")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, whole[:len(whole)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"flows"}, "which session"}, {[]string{"flows", "-r", file, "web-01"}, "too much"}, {[]string{"flows", "a", "b"}, "accepts at most 1"},
		{[]string{"flows", "-r", file, "--problem", "x"}, "no such problem"}, {[]string{"flows", "-r", file, "--sort", "x"}, "want first"},
		{[]string{"flows", "-r", file, "--protocol", "x"}, "name like tcp"}, {[]string{"flows", "-r", file, "--port", "70000"}, "1 to 65535"},
		{[]string{"flows", "-r", file, "--limit", "-1"}, "0 or more"}, {[]string{"flows", "-r", "/nothing/there"}, "no such file"},
		{[]string{"flows", "-r", broken}, "packet 6"}, {[]string{"follow", "-r", broken}, "packet 6"}, {[]string{"talkers", "-r", broken}, "packet 6"},
		{[]string{"flows", "-r", file, "--watch"}, "none of the others can be"},
		{[]string{"follow", "-r", file, "9"}, "no stream 9"}, {[]string{"follow", "-r", file, "10.0.0.9:1"}, "no stream"},
		{[]string{"follow", "-r", file, "1", "--http"}, "without STREAM"}, {[]string{"talkers", "-r", file, "--top", "0"}, "1 to 2048"},
	} {
		if _, _, err := printed(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.args, err, c.want)
		}
	}
	if out, _, _ := printed(t, "flows", "-r", broken); !strings.Contains(out, "10.0.0.1:40000") {
		t.Errorf("of a file that breaks off nothing is shown: %q", out)
	}
}

// Colours are for terminals alone, and each end has its own.
func TestDialogueInColours(t *testing.T) {
	var out bytes.Buffer
	d := &dialogue{out: &out, output: formatTable, colours: true}
	s := wire.Stream{ID: 1, Chunks: []wire.Chunk{{From: "client", Data: []byte("as")}, {From: "client", Data: []byte("k\n")}, {From: "server", Missing: 3}, {From: "server", Data: []byte{0xff, 'x'}}}}
	if err := d.tell(s); err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(out.String(), "\n")
	want := red + "as" + plain + red + "k" + plain + "\n" + yellow + "[3 bytes missing]" + plain + "\n" + blue + `\xffx` + plain
	if said != want {
		t.Errorf("%q, want %q", said, want)
	}
}

// While it is watched, a conversation is printed again only when it has gone on.
func TestOnlyWhatChangedIsPrintedAgain(t *testing.T) {
	known := map[string]uint64{}
	a, b := wire.Flow{A: wire.FlowEnd{Port: 1}, AToB: wire.FlowWay{Packets: 1}}, wire.Flow{A: wire.FlowEnd{Port: 2}}
	b.AToB.Packets = 5
	if n := len(changed([]wire.Flow{a, b}, known)); n != 2 {
		t.Errorf("%d at first", n)
	}
	b.AToB.Packets++
	if some := changed([]wire.Flow{a, b}, known); len(some) != 1 || some[0].A.Port != 2 {
		t.Errorf("%+v", some)
	}
	changed([]wire.Flow{a}, known)
	if len(known) != 1 {
		t.Errorf("what is gone is remembered: %v", known)
	}
}
