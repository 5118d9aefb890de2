package api

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// fakeTranscripts remembers what it is told to.
type fakeTranscripts struct {
	turns   []transcript.Turn
	packets map[string]transcript.Seen
}

func (f *fakeTranscripts) Turns(string) []transcript.Turn     { return f.turns }
func (f *fakeTranscripts) Packets(uid string) transcript.Seen { return f.packets[uid] }

// keptPacket is one of a session's as transcript keeps it.
func keptPacket(whose evidence.Whose) transcript.Packet {
	return transcript.Packet{
		At: begin, Exporter: netip.MustParseAddr("10.0.0.11"), Receiver: netip.MustParseAddr("10.2.1.110"), WireLen: 150, Fragments: 1, Whose: whose,
		Type: erspan.TypeII, GRE: gre.Header{HasSequence: true, Sequence: 0}, Header: erspan.Header{SessionID: 0, COS: 2},
		Inner: transcript.Inner{
			Src: frame.MAC{0, 0x50, 0x56, 0, 0, 1}, Dst: frame.MAC{0, 0x50, 0x56, 0, 0, 2}, VLAN: 0, Tagged: true, EtherType: 0x0800, HasIP: true,
			From: netip.MustParseAddr("fd00::1"), To: netip.MustParseAddr("fd00::2"), Protocol: 6, HasPorts: true, FromPort: 80, ToPort: 40000, TCPFlags: 0x12, Length: 100,
		},
	}
}

func TestTranscript(t *testing.T) {
	kept := &fakeTranscripts{packets: make(map[string]transcript.Seen)}
	f := newFixture(t, func(o *Options) { o.Transcripts, o.Payload = kept, true })
	s := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
	if err := f.history.Append(
		mirror.Event{At: begin.Add(-time.Minute), UID: s.UID, Session: s.Name, Kind: mirror.Judged, Text: "lost (was_delivering_stopped): it stopped"},
	); err != nil {
		t.Fatal(err)
	}
	f.place(s, nil)
	kept.turns = []transcript.Turn{
		{Verdict: mirror.Verdict{State: mirror.Delivering, Reason: mirror.PacketsSeen, Message: "m", Since: begin}, Begun: transcript.Figures{At: begin, Packets: 10, Lost: 5}, Last: transcript.Figures{At: begin, Packets: 15, Lost: 3}},
		{Source: transcript.Source{PortKey: "112", VM: "web-01"}, Verdict: mirror.Verdict{State: mirror.Idle, Reason: mirror.SourcePortsIdle, Since: begin}, Last: transcript.Figures{At: begin}},
	}
	confirmed := keptPacket(evidence.Whose{UID: s.UID, Attribution: evidence.IsConfirmed, Host: "esx-01", PortKey: "112", Direction: mirror.FromVM})
	kept.packets[s.UID] = transcript.Seen{Last: []transcript.Packet{confirmed}, Firsts: []transcript.First{{Packet: confirmed, Bytes: []byte{0x10, 0, 0x88, 0xBE, 's'}, Headers: 4}}}
	kept.packets[""] = transcript.Seen{Last: []transcript.Packet{keptPacket(evidence.Whose{Attribution: evidence.IsUnlisted})}}

	report := decoded[wire.EvidenceReport](f.call("GET", "/v1/sessions/web-01/evidence", "").want(200))
	if h := report.History; len(h) != 3 || h[0].State != "lost" || h[0].Figures != nil || !h[0].Until.Equal(begin) || h[1].Figures.Packets != 5 || h[1].Figures.Lost != -2 ||
		h[1].Source != nil || h[2].Source == nil || h[2].Source.VM != "web-01" {
		t.Errorf("history %+v", h)
	}
	if report.Version != "1.2.3" || !report.At.Equal(begin) {
		t.Errorf("version %q at %v", report.Version, report.At)
	}
	p := report.LastPackets[0]
	if p.Sequence == nil || *p.Sequence != 0 || p.Key != nil || p.Encapsulation != "erspan2" || p.COS != 2 || p.Direction != "from-vm" || p.Attribution != "confirmed" ||
		p.Inner.Source != "[fd00::1]:80" || p.Inner.TCPFlags != "SYN,ACK" || p.Inner.Protocol != "tcp" || p.Inner.VLAN == nil || p.Inner.SourceMAC != "00:50:56:00:00:01" {
		t.Errorf("packet %+v, inside %+v", p, p.Inner)
	}
	if first := report.FirstPackets[0]; first.Bytes != "100088be" || first.HeaderBytes != 4 {
		t.Errorf("first packet %+v", first)
	}
	if n := f.opened(s); n != 0 {
		t.Errorf("%d records of bytes that nobody asked for", n)
	}
	report = decoded[wire.EvidenceReport](f.call("GET", "/v1/sessions/web-01/evidence?bytes=true", "").want(200))
	if first := report.FirstPackets[0]; first.Bytes != "100088be73" {
		t.Errorf("first packet %+v", first)
	}
	if n := f.opened(s); n != 1 {
		t.Errorf("%d records of the bytes that were shown", n)
	}
}

// opened counts the records of payload that was shown.
func (f *fixture) opened(s wire.Session) (n int) {
	for _, e := range f.history.Of(s.UID, 0) {
		if e.Kind == mirror.PayloadOpened && strings.Contains(e.Text, "first bytes") {
			n++
		}
	}
	return n
}

func TestTranscriptWithoutPayload(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.call("GET", "/v1/sessions/web-01/evidence?bytes=true", "").problem(403, "payload_not_allowed", "")
	report := decoded[wire.EvidenceReport](f.call("GET", "/v1/sessions/web-01/evidence", "").want(200))
	if report.History == nil || report.LastPackets == nil || report.DoubtfulPackets == nil || report.FirstPackets == nil || report.Expected != nil {
		t.Errorf("nothing is remembered, and the lists are %+v", report)
	}
}

func TestExpected(t *testing.T) {
	s := mirror.Session{Notes: mirror.Notes{ERSPANID: 5}, Spec: mirror.Spec{Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN2}, SnapLength: 128, Sampling: 10, Netstack: "mirror"}}
	p := mirror.Placement{
		Destinations: []netip.Addr{netip.MustParseAddr("10.2.1.110")},
		Hosts:        []mirror.Host{{Name: "esx-01", Connected: true, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.11"), netip.MustParseAddr("fd00::11")}}},
		Sources: []mirror.PlacedSource{
			{Port: mirror.Port{Key: "112", VM: "web-01", MAC: "00:50:56:00:00:01", Host: "esx-01"}, Direction: mirror.ToVM},
			{Fault: mirror.Faultf(mirror.SourceGone, `VM "gone"`, "there is none")},
		},
	}
	x := renderExpected(s, p)
	if x.Encapsulation != "erspan2" || x.ERSPANID != 5 || x.Receivers[0] != "10.2.1.110" || x.SnapLength != 128 || x.Sampling != 10 || x.Netstack != "mirror" ||
		len(x.Exporters) != 2 || x.Exporters[1] != (wire.ExpectedExporter{Host: "esx-01", Connected: true, Address: "fd00::11"}) ||
		len(x.Sources) != 1 || x.Sources[0].Direction != "to-vm" {
		t.Errorf("%+v", x)
	}
}
