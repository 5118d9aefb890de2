package transcript

import (
	"bytes"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

var (
	begin  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	vm     = frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	client = frame.MAC{0, 0x50, 0x56, 0, 0, 2}
	body   = []byte("GET / HTTP/1.1\r\nCookie: secret\r\n\r\n")
)

// tcp is an Ethernet frame with TCP and what it carries.
func tcp(carried []byte) []byte {
	segment := append([]byte{0x9C, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0}, carried...)
	f := frame.Frame{Ethernet: frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeIPv4}, HasIP: true, Payload: segment}
	f.IP = frame.IP{
		Version: 4, Src: netip.MustParseAddr("10.1.0.9"), Dst: netip.MustParseAddr("10.1.0.1"), Protocol: frame.ProtocolTCP, TTL: 64,
		HeaderLen: 20, TotalLen: 20 + len(segment),
	}
	return f.Append(nil)
}

// arrival is one of an exporter, by the number of its host.
func arrival(host byte, at time.Duration, inner []byte) *evidence.Arrival {
	p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{Sequence: 7}, Header: erspan.Header{SessionID: 5, COS: 3}, Frame: inner}
	payload := p.Append(nil)
	return &evidence.Arrival{
		At: gre.Nanoseconds(begin.Add(at)), Ends: gre.EndsOf(netip.AddrFrom4([4]byte{10, 0, 0, host}), netip.MustParseAddr("10.2.1.110")),
		Payload: payload, PayloadLen: len(payload), WireLen: 20 + len(payload), Fragments: 1,
	}
}

// look shows a packet as one of a session's.
func look(p *Packets, uid string, a *evidence.Arrival) {
	whose := &evidence.Whose{UID: uid, Attribution: evidence.IsConfirmed, Host: "esx-01", PortKey: "112", Direction: mirror.ToVM}
	if uid == "" {
		whose = &evidence.Whose{Attribution: evidence.IsUnclaimed}
	}
	if p.Due() {
		p.Look(a, whose, 0)
	}
}

func TestHeadersOfAPacket(t *testing.T) {
	p := NewPackets(true)
	p.Renew()
	look(p, "u", arrival(11, 0, tcp(body)))
	seen := Of("u", p)
	if len(seen.Last) != 1 || len(seen.Firsts) != 1 {
		t.Fatalf("kept %+v", seen)
	}
	got := seen.Last[0]
	if got.Type != erspan.TypeII || got.Header.SessionID != 5 || got.Header.COS != 3 || got.GRE.Sequence != 7 || !got.GRE.HasSequence || got.Whose.Host != "esx-01" {
		t.Errorf("%+v", got)
	}
	in := got.Inner
	if in.Src != client || in.Dst != vm || in.From.String() != "10.1.0.9" || in.FromPort != 40000 || in.ToPort != 80 || in.ProtocolName() != "tcp" || in.TCPFlags != 0x18 {
		t.Errorf("%+v", in)
	}
	first := seen.Firsts[0]
	if want := 8 + 8 + 14 + 20 + 20; first.Headers != want || !bytes.Contains(first.Bytes, []byte("secret")) || bytes.Contains(first.Bytes[:first.Headers], []byte("GET")) {
		t.Errorf("%d of %d bytes are headers, want %d: %q", first.Headers, len(first.Bytes), want, first.Bytes)
	}
}

// Of every kind of frame the header bytes end where what it carries begins.
func TestNoPayloadWhereItIsDenied(t *testing.T) {
	secret := bytes.Repeat([]byte("secret! "), 20)
	ip := func(protocol uint8, transport []byte) []byte {
		f := frame.Frame{Ethernet: frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeIPv4}, HasIP: true, Payload: append(transport, secret...)}
		f.IP = frame.IP{Version: 4, Src: netip.MustParseAddr("10.1.0.9"), Dst: netip.MustParseAddr("10.1.0.1"), Protocol: protocol, HeaderLen: 20, TotalLen: 20 + len(f.Payload)}
		return f.Append(nil)
	}
	later := func() []byte {
		f := frame.Frame{Ethernet: frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeIPv4}, HasIP: true, Payload: secret}
		f.IP = frame.IP{Version: 4, Src: netip.MustParseAddr("10.1.0.9"), Dst: netip.MustParseAddr("10.1.0.1"), Protocol: 17, HeaderLen: 20, TotalLen: 20 + len(secret), FragmentOffset: 1480}
		return f.Append(nil)
	}
	six := func() []byte {
		f := frame.Frame{Ethernet: frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeIPv6}, HasIP: true, Payload: append(make([]byte, 8), secret...)}
		f.IP = frame.IP{Version: 6, Src: netip.MustParseAddr("fd00::9"), Dst: netip.MustParseAddr("fd00::1"), Protocol: 17, HeaderLen: 40, TotalLen: 40 + len(f.Payload)}
		return f.Append(nil)
	}
	for name, inner := range map[string][]byte{
		"tcp":            tcp(secret),
		"udp":            ip(17, make([]byte, 8)),
		"icmp":           ip(1, make([]byte, 8)),
		"a protocol":     ip(253, nil),
		"later fragment": later(),
		"ipv6":           six(),
		"an EtherType":   append(frame.Ethernet{Dst: vm, Src: client, EtherType: 0x88CC}.AppendHeader(nil), secret...),
		"llc":            append(frame.Ethernet{Dst: vm, Src: client, EtherType: uint16(len(secret))}.AppendHeader(nil), secret...),
		"no IP":          append(frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeIPv4}.AppendHeader(nil), secret...),
		"no ARP":         append(frame.Ethernet{Dst: vm, Src: client, EtherType: frame.EtherTypeARP}.AppendHeader(nil), secret...),
	} {
		p := NewPackets(false)
		p.Renew()
		look(p, "u", arrival(11, 0, inner))
		first := Of("u", p).Firsts[0]
		if bytes.Contains(first.Bytes, []byte("secret")) || len(first.Bytes) != first.Headers {
			t.Errorf("%s: kept %q", name, first.Bytes)
		}
		if first.Headers < 8+8+14 {
			t.Errorf("%s: only %d bytes of headers", name, first.Headers)
		}
	}
}

func TestRefusedPacketKeepsItsReason(t *testing.T) {
	p := NewPackets(false)
	p.Renew()
	a := arrival(11, 0, tcp(body))
	a.Payload = a.Payload[:9]
	p.Look(a, &evidence.Whose{}, 0) // not due: nothing is kept before Due was asked
	if p.Due() {
		p.Look(a, &evidence.Whose{}, 0)
	}
	seen := Of("", p)
	if len(seen.Last) != 1 || seen.Last[0].Refused == "" || seen.Last[0].Type != 0 || len(seen.Firsts[0].Bytes) != 0 {
		t.Errorf("%+v", seen)
	}
}

func TestPacketsAreBounded(t *testing.T) {
	p := NewPackets(true)
	for round := range 100 {
		p.Renew()
		for i := range looksPerRound / 16 { // so that the round is not over
			a := arrival(byte(i+notesOfNobody*round), time.Duration(round)*time.Second, tcp(nil))
			look(p, "loud", a)
			look(p, "", a)
			if i == 100 {
				look(p, "quiet", arrival(1, time.Duration(round)*time.Second, tcp(nil)))
			}
		}
	}
	for uid, exporters := range map[string]int{"loud": maxExporters, "": maxStrangers, "quiet": 1} {
		seen := Of(uid, p)
		if len(seen.Last) != LastPackets || len(seen.Firsts) > exporters*firstPackets || seen.Untold != (uid != "quiet") {
			t.Errorf("%q: %d last and %d first packets, more exporters: %t", uid, len(seen.Last), len(seen.Firsts), seen.Untold)
		}
		if last := seen.Last[LastPackets-1].At; !last.Equal(begin.Add(99 * time.Second)) {
			t.Errorf("%q: the last packet is of %v", uid, last)
		}
	}
	for i := range 2 * maxSessions {
		p.Renew()
		look(p, fmt.Sprint(i), arrival(1, 0, tcp(nil)))
	}
	if n := len(p.sessions); n != maxSessions {
		t.Errorf("%d sessions are kept", n)
	}
	if len(Of(fmt.Sprint(2*maxSessions-1), p).Last) != 1 {
		t.Error("the newest session is not kept")
	}
	p.Forget(fmt.Sprint(2*maxSessions - 1))
	if len(Of(fmt.Sprint(2*maxSessions-1), p).Last) != 0 {
		t.Error("a session that is no more is kept")
	}
}

// A round costs a bounded number of looks, however much comes.
func TestLooksAreBounded(t *testing.T) {
	p := NewPackets(false)
	p.Renew()
	a, n := arrival(11, 0, tcp(nil)), 0
	for ; p.Due(); n++ {
		p.Look(a, &evidence.Whose{UID: "u", Attribution: evidence.IsConfirmed}, 0)
	}
	if n != looksPerRound {
		t.Errorf("%d looks, want %d", n, looksPerRound)
	}
	p.Renew()
	if !p.Due() {
		t.Error("the next round does not begin")
	}
}

func TestWorkersAreMerged(t *testing.T) {
	a, b := NewPackets(true), NewPackets(true)
	a.Renew()
	b.Renew()
	for i := range 4 {
		look([]*Packets{a, b}[i%2], "u", arrival(11, time.Duration(4-i)*time.Second, tcp(nil)))
	}
	seen := Of("u", a, b)
	for i, p := range seen.Last {
		if want := begin.Add(time.Duration(i+1) * time.Second); !p.At.Equal(want) {
			t.Errorf("packet %d is of %v, want %v", i, p.At, want)
		}
	}
	if len(seen.Last) != 4 || len(seen.Firsts) != firstPackets || !seen.Firsts[0].At.Equal(begin.Add(time.Second)) {
		t.Errorf("%d last, %d first packets", len(seen.Last), len(seen.Firsts))
	}
}

func TestResembles(t *testing.T) {
	expected := evidence.Expectation{
		Destinations: []netip.Addr{netip.MustParseAddr("10.2.1.110")}, Type: erspan.TypeII, ID: 5,
		Sources: []evidence.ExpectedSource{{PortKey: "112", MAC: vm}},
	}
	for name, c := range map[string]struct {
		change func(*evidence.Expectation)
		want   bool
	}{
		"as expected":     {func(*evidence.Expectation) {}, true},
		"another id":      {func(e *evidence.Expectation) { e.ID = 6 }, true}, // the MAC
		"another MAC":     {func(e *evidence.Expectation) { e.Sources = nil }, true},
		"nothing in it":   {func(e *evidence.Expectation) { e.ID, e.Sources = 6, nil }, false},
		"another address": {func(e *evidence.Expectation) { e.Destinations = nil }, false},
		"no id":           {func(e *evidence.Expectation) { e.Type, e.Sources = erspan.Bridging, nil }, false},
	} {
		e := expected
		c.change(&e)
		p, _ := read(arrival(11, 0, tcp(nil)))
		if p.Resembles(e) != c.want {
			t.Errorf("%s: %t", name, !c.want)
		}
	}
}

// What arrives may be anything.
func FuzzRead(f *testing.F) {
	for _, seed := range [][]byte{nil, arrival(1, 0, tcp(body)).Payload, arrival(1, 0, []byte{1}).Payload} {
		f.Add(seed, 0)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		a := &evidence.Arrival{Payload: b, PayloadLen: len(b) + cut%2000, Fragments: 1}
		p, headers := read(a)
		if headers < 0 || headers > len(b) {
			t.Errorf("%d header bytes of %d", headers, len(b))
		}
		_ = p.Inner.ProtocolName()
		kept := NewPackets(true)
		kept.Renew()
		look(kept, "u", a)
		for _, first := range Of("u", kept).Firsts {
			if first.Headers > len(first.Bytes) || len(first.Bytes) > FirstBytes {
				t.Errorf("%d of %d bytes are headers", first.Headers, len(first.Bytes))
			}
		}
	})
}

// A worker looks while others read and forget: for the race detector.
func TestPacketsConcurrently(t *testing.T) {
	p, a := NewPackets(true), arrival(11, 0, tcp(body))
	var others sync.WaitGroup
	done := make(chan struct{})
	for range 3 {
		others.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					p.Renew()
					_ = Of("u", p)
					p.Forget("u")
				}
			}
		})
	}
	for range 20_000 {
		look(p, "u", a)
	}
	close(done)
	others.Wait()
}
