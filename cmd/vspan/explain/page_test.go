package explain

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
)

var update = flag.Bool("update", false, "write the pages that are wanted anew")

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }

// page is one of a session of two sources, of which one is lost.
func page(vm string) Page {
	sequence, vlan, half := uint32(4711), 110, 0.5
	delivering := wire.Verdict{State: "delivering", Reason: "packets_seen", Message: "frames arrived", Since: at(0), At: at(90)}
	lost := wire.Verdict{State: "lost", Reason: "was_delivering_stopped", Message: vm + " stopped arriving 30 s ago", Since: at(60), At: at(90)}
	degraded := wire.Verdict{State: "degraded", Reason: "source_missing", Message: "one of 2 sources does not arrive: " + vm, Since: at(61), At: at(90)}
	inner := &wire.InnerHeader{
		SourceMAC: "00:50:56:00:00:02", DestinationMAC: "00:50:56:00:00:01", VLAN: &vlan, EtherType: "0x0800", Protocol: "tcp",
		Source: "10.1.0.9:40000", Destination: "10.1.0.1:80", TCPFlags: "PSH,ACK", Length: 1514,
	}
	packet := wire.PacketSeen{
		At: at(59), Exporter: "10.0.0.11", Receiver: "10.2.1.110", Length: 1558, Fragments: 2, Attribution: "confirmed", Host: "esx-01.prod.example.com", PortKey: "112",
		Direction: "to-vm", Encapsulation: "erspan2", Sequence: &sequence, ERSPANID: 5, Inner: inner,
	}
	forged := packet
	forged.Attribution, forged.Exporter, forged.Host, forged.PortKey, forged.Direction = "unlisted", "192.0.2.66", "", "", "both"
	unread := wire.PacketSeen{At: at(60), Exporter: "192.0.2.66", Receiver: "10.2.1.110", Length: 44, Fragments: 1, Attribution: "refused", Refused: "erspan: short"}
	return Page{
		Command: "v1.3.0",
		Session: wire.Session{
			Name: "web", UID: "5f0c", Revision: 7, Generation: 2, ExpiresAt: at(3600),
			Spec: wire.Spec{
				Sources:     []wire.Source{{VM: vm}, {VM: "db-01", NIC: "Network adapter 1", Direction: "from-vm"}},
				Destination: wire.Destination{Receiver: "local"}, Encapsulation: wire.Encapsulation{Type: "erspan2"},
			},
			Status: wire.Status{
				Verdict: degraded, Switch: &wire.Placement{Name: "DVS0", UUID: "50 1c", SessionKey: "12", ERSPANID: 5, ConfigVersion: "17"},
				Sources: []wire.SourceSeen{
					{VM: vm, NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", PortKey: "112", Host: "esx-01.prod.example.com", Verdict: lost, ToVM: wire.Volume{Packets: 1200, Bytes: 1816800}, ToVMDelivery: &wire.Delivery{Ratio: &half}},
					{VM: "db-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:03", PortKey: "113", Host: "esx-02.prod.example.com", Verdict: delivering, FromVM: wire.Volume{Packets: 3, Bytes: 180}},
				},
			},
		},
		Evidence: wire.EvidenceReport{
			Version: "v1.2.3", At: at(90), Verdict: degraded, Doubts: wire.Doubts{Unlisted: 12},
			Evidence: wire.Evidence{Hosts: []wire.HostEvidence{
				{Address: "10.0.0.11", Host: "esx-01.prod.example.com", Packets: 1200, LastPacketAt: at(59)}, {Address: "10.0.0.99", Host: "", Packets: 3, LastPacketAt: at(40)},
			}},
			History: []wire.VerdictTurn{
				{State: "unknown", Reason: "receiver_down", Message: "the receiver is down", Since: at(-60), Until: at(0)},
				{State: "delivering", Reason: "packets_seen", Message: "frames arrived", Since: at(0), Until: at(61), Figures: &wire.TurnFigures{Packets: 1203, Bytes: 1816980, Lost: 4}},
				{State: "degraded", Reason: "source_missing", Message: degraded.Message, Since: at(61), Figures: &wire.TurnFigures{Unlisted: 12}},
				{Source: &wire.TurnSource{PortKey: "112", VM: vm}, State: "pending", Reason: "not_applied", Since: at(0), Until: at(0), Figures: &wire.TurnFigures{}},
				{Source: &wire.TurnSource{PortKey: "112", VM: vm}, State: "lost", Reason: "was_delivering_stopped", Message: lost.Message, Since: at(60), Figures: &wire.TurnFigures{}},
			},
			Expected: &wire.Expected{
				Encapsulation: "erspan2", ERSPANID: 5, Receivers: []string{"10.2.1.110"}, SnapLength: 128, Sampling: 10, Netstack: "mirror",
				Exporters: []wire.ExpectedExporter{
					{Host: "esx-01.prod.example.com", Connected: true, Address: "10.0.0.11", Device: "vmk0", Netstack: "defaultTcpipStack", MTU: 1500},
					{Host: "esx-01.prod.example.com", Connected: true, Address: "fe80::250:56ff:fe60:11", Device: "vmk0", Netstack: "defaultTcpipStack", MTU: 1500},
					{Host: "esx-02.prod.example.com", Address: "10.0.0.12", Device: "vmk1", Netstack: "mirror", MTU: 9000},
					{Host: "esx-03.prod.example.com", Connected: true, Address: "10.0.0.13"},
				},
				Sources: []wire.ExpectedSource{
					{VM: vm, NIC: "Network adapter 1", MAC: "00:50:56:00:00:01", PortKey: "112", Direction: "both", Host: "esx-01.prod.example.com"},
					{VM: "db-01", NIC: "Network adapter 1", MAC: "00:50:56:00:00:03", PortKey: "113", Direction: "from-vm", Host: "esx-02.prod.example.com"},
				},
			},
			LastPackets:     []wire.PacketSeen{packet, packet},
			DoubtfulPackets: []wire.PacketSeen{forged, unread},
			FirstPackets:    []wire.FirstPacket{{Packet: packet, Bytes: strings.Repeat("100088be00000001", 5), HeaderBytes: 40}},
		},
		Events: []wire.Event{
			{At: at(61), Kind: "verdict", Who: "vspan", Message: "degraded"},
			{At: at(-50), Kind: "drifted", Who: `VSPHERE.LOCAL\eve`, Message: "somebody changed it"},
			{At: at(-60), Kind: "created", Who: "anonymous", Message: "asked for"},
		},
		Receivers: []wire.Receiver{{Name: "local", Kind: "ring", Up: true, Datagrams: 1203}},
	}
}

func rendered(t *testing.T, write func(p Page, to *bytes.Buffer) error, p Page) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(p, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asText(p Page, to *bytes.Buffer) error     { return p.Text(to) }
func asMarkdown(p Page, to *bytes.Buffer) error { return p.Markdown(to) }

// The pages are in testdata; -update writes them anew.
func TestPages(t *testing.T) {
	for name, write := range map[string]func(Page, *bytes.Buffer) error{"page.txt": asText, "page.md": asMarkdown} {
		got, file := rendered(t, write, page("web-01")), filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A VM may have any name, and a packet any bytes: neither reaches a terminal as it is, nor becomes markup.
func TestHostileNames(t *testing.T) {
	hostile := "\x1b[2J\x1b]0;owned\x07<img src=x onerror=alert(1)>|`rm -rf`\r\n# you\u202e@everyone [x](http://evil) " + strings.Repeat("w", 300)
	p := page(hostile)
	p.Evidence.LastPackets[0].Refused, p.Evidence.LastPackets[0].Inner = hostile, nil
	p.Events[1].Who, p.Events[1].Message, p.Events[1].Kind = hostile, hostile, hostile
	p.Receivers[0].Name, p.Receivers[0].Message, p.Receivers[0].Up = hostile, hostile, false
	p.Evidence.FirstPackets[0].Packet.Exporter = hostile
	p.Session.Status.Verdict.Reason, p.Evidence.Expected.Netstack = hostile, hostile
	text := rendered(t, asText, p)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("a line that does something to a terminal: %q", line)
		}
		if n := utf8.RuneCountInString(line); n > Width {
			t.Errorf("a line of %d columns: %q", n, line)
		}
	}
	markdown := rendered(t, asMarkdown, p)
	for _, raw := range []string{"\x1b", "<img", "`rm", "[x](http", "@everyone", "\r"} {
		outside := markdown
		if at := strings.Index(outside, "```\n"); at >= 0 { // in a block of code they mean nothing
			outside = outside[:at]
		}
		if strings.Contains(outside, raw) && !strings.Contains(outside, `\`+raw) {
			t.Errorf("%q is in the Markdown", raw)
		}
	}
	if strings.ContainsAny(markdown, "\x1b\r\x07\u202e") {
		t.Error("control characters are in the Markdown")
	}
	for line := range strings.Lines(markdown) {
		if n := strings.Count(line, "|") - strings.Count(line, `\|`); strings.HasPrefix(line, "| ") && n != len(strings.Split(line, " | "))+1 {
			t.Errorf("a row of a table that has %d bars: %q", n, line)
		}
	}
}

// A session of which nothing is known yet has a page, too.
func TestEmptyPage(t *testing.T) {
	got := rendered(t, asText, Page{Session: wire.Session{Name: "web"}})
	for _, want := range []string{"web is not judged yet", "It has not been placed", "Nothing that is known of", "None was kept"} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("the page does not say %q:\n%s", want, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  []string
	}{
		{"", 5, []string{""}},
		{"a b c", 3, []string{"a b", "c"}},
		{"abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"x abcdefgh", 4, []string{"x ab", "cdef", "gh"}},
		{"abc x", 1, []string{"a", "b", "c", "x"}},
		{"ääää ö", 4, []string{"ääää", "ö"}},
	} {
		if diff := cmp.Diff(c.want, wrap(c.in, c.width)); diff != "" {
			t.Errorf("%q: %s", c.in, diff)
		}
	}
}
