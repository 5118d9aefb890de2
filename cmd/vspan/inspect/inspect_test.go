package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// pcapHeader begins a little-endian pcap file of raw IP packets, link type 101.
var pcapHeader = binary.LittleEndian.AppendUint32(append([]byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 0, 4, 0), 101)

// appendPacket appends one packet to a pcap file.
func appendPacket(file, packet []byte) []byte {
	for _, word := range []uint32{1_700_000_000, 0, uint32(len(packet)), uint32(len(packet))} {
		file = binary.LittleEndian.AppendUint32(file, word)
	}
	return append(file, packet...)
}

// outer wraps a GRE packet, or a part of one, in IPv4.
func outer(src string, ip frame.IP, payload []byte) []byte {
	ip.Version, ip.Protocol, ip.TTL = 4, frame.ProtocolGRE, 64
	ip.Src, ip.Dst = netip.MustParseAddr(src), netip.MustParseAddr("192.0.2.9")
	ip.HeaderLen, ip.TotalLen = 20, 20+len(payload)
	return append(ip.AppendHeader(nil), payload...)
}

// mirrored is an ARP frame in ERSPAN Type II.
func mirrored(id uint16) []byte {
	p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true}, Header: erspan.Header{SessionID: id}}
	p.Frame = make([]byte, 42)
	copy(p.Frame, "\xff\xff\xff\xff\xff\xff\x00\x50\x56\x00\x00\x01\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01")
	return p.Append(nil)
}

func run(t *testing.T, o Options, file []byte) (out, notes string, err error) {
	t.Helper()
	var data, remarks bytes.Buffer
	o.Path, o.Stdin, o.Out, o.Notes = "-", bytes.NewReader(file), &data, &remarks
	err = Run(t.Context(), o)
	return data.String(), remarks.String(), err
}

// summaryOf is the summary of a file that can be read to its end.
func summaryOf(t *testing.T, file []byte) (s Summary) {
	t.Helper()
	out, _, err := run(t, Options{JSON: true, Summary: true}, file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFileThatBreaksOff(t *testing.T) {
	whole := appendPacket(bytes.Clone(pcapHeader), outer("192.0.2.1", frame.IP{}, mirrored(1)))
	whole = appendPacket(whole, outer("192.0.2.1", frame.IP{}, mirrored(2)))
	for _, cut := range []int{1, 20, 70} {
		out, notes, err := run(t, Options{}, whole[:len(whole)-cut])
		if err == nil || !strings.Contains(err.Error(), "packet 2") {
			t.Errorf("%d bytes short: error %v, want one that names packet 2", cut, err)
		}
		if strings.Count(out, "\n") != 1 || !strings.Contains(out, "erspan2 id 1 ") || !strings.Contains(notes, "mirrored  1") {
			t.Errorf("%d bytes short: printed %q and %q, want packet 1 and the counts", cut, out, notes)
		}
	}
}

func TestFragmentsAreToldAsOneDatagram(t *testing.T) {
	whole := mirrored(5)
	file := bytes.Clone(pcapHeader)
	file = appendPacket(file, outer("192.0.2.1", frame.IP{ID: 7, FragmentOffset: 32}, whole[32:]))
	file = appendPacket(file, outer("192.0.2.1", frame.IP{ID: 8, FragmentOffset: 32}, whole[32:])) // whose others never come
	file = appendPacket(file, outer("192.0.2.1", frame.IP{ID: 7, MoreFragments: true}, whole[:32]))
	out, _, err := run(t, Options{JSON: true}, file)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"number":3,"outer":{"src":"192.0.2.1","dst":"192.0.2.9"},"encapsulation":"erspan2","gre":{"sequence":0},` +
		`"erspan":{"id":5,"vlan":0,"cos":0,"truncated":false,"index":0},` +
		`"inner":{"srcMAC":"00:50:56:00:00:01","dstMAC":"ff:ff:ff:ff:ff:ff","etherType":"0x0806","length":42},"fragments":2}` + "\n" +
		`{"number":2,"refused":"fragment_input_ended"}` + "\n"
	if out != want {
		t.Errorf("got:\n%swant:\n%s", out, want)
	}
	summary, _, err := run(t, Options{JSON: true, Summary: true}, file)
	if err != nil || !strings.Contains(summary, `"fragments":{"seen":3,"reassembled":1,"incomplete":1}`) {
		t.Errorf("summary %s (%v), want 3 fragments, of which two made a datagram and one waits", summary, err)
	}
}

// TestNoEthernet: a mirror may leave the Ethernet header away, and cut the packet before its ports.
func TestNoEthernet(t *testing.T) {
	ip := frame.IP{
		Version: 4, Protocol: frame.ProtocolTCP, TTL: 64, HeaderLen: 20, TotalLen: 1500,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"),
	}
	p := erspan.Packet{
		Type: erspan.TypeIII, Frame: append(ip.AppendHeader(nil), 0x1F),
		Header: erspan.Header{SessionID: 9, FrameType: erspan.FrameIP, IPOnly: true, Truncated: true},
	}
	file := appendPacket(bytes.Clone(pcapHeader), outer("192.0.2.1", frame.IP{}, p.Append(nil)))
	out, _, err := run(t, Options{JSON: true}, file)
	want := `{"number":1,"outer":{"src":"192.0.2.1","dst":"192.0.2.9"},"encapsulation":"erspan3","gre":{},` +
		`"erspan":{"id":9,"vlan":0,"cos":0,"truncated":true,"timestamp":0,"direction":"ingress","hardwareId":0},` +
		`"inner":{"src":"10.0.0.1","dst":"10.0.0.2","protocol":6,"length":1500}}` + "\n"
	if err != nil || out != want {
		t.Errorf("got %v:\n%swant:\n%s", err, out, want)
	}
	out, _, err = run(t, Options{}, file)
	want = "     1 192.0.2.1 > 192.0.2.9 erspan3 id 9 ingress truncated | TCP 10.0.0.1 > 10.0.0.2, length 1500 (cut) [frame: ends before the ports]\n"
	if err != nil || out != want {
		t.Errorf("got %v:\n%swant:\n%s", err, out, want)
	}
}

// TestEndlessStreams: what a file can name without end is counted within a bound, and what is beyond it shows.
func TestEndlessStreams(t *testing.T) {
	file := bytes.Clone(pcapHeader)
	for i := range maxStreams + 10 {
		src := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		file = appendPacket(file, outer(src.String(), frame.IP{}, mirrored(1)))
	}
	s := summaryOf(t, file)
	if s.Mirrored != maxStreams+10 || len(s.Streams) != maxStreams || s.StreamsLeftOut != 10 {
		t.Errorf("%d packets, %d streams, %d packets of others; want %d, %d, 10", s.Mirrored, len(s.Streams), s.StreamsLeftOut, maxStreams+10, maxStreams)
	}
	text, _, err := run(t, Options{Summary: true}, file)
	if err != nil || !strings.Contains(text, "10 packets belong to more than the 4096") {
		t.Errorf("the text of the summary does not say that streams were left out (%v):\n%s", err, text)
	}
}

// brokenWriter fails after a number of writes.
type brokenWriter struct {
	good int
	err  error
}

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.good == 0 {
		return 0, w.err
	}
	w.good--
	return len(b), nil
}

// endless repeats a packet for ever: only a failed write can end the reading of it.
type endless struct {
	packet, rest []byte
}

func (e *endless) Read(b []byte) (int, error) {
	if len(e.rest) == 0 {
		e.rest = e.packet
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

func TestWriteFailureEndsTheReading(t *testing.T) {
	full := errors.New("no space left")
	for _, test := range []struct{ err, want error }{{full, full}, {syscall.EPIPE, nil}} {
		in := &endless{appendPacket(nil, outer("192.0.2.1", frame.IP{}, mirrored(1))), pcapHeader}
		err := Run(t.Context(), Options{Path: "-", Stdin: in, Out: &brokenWriter{3, test.err}, Notes: io.Discard})
		if !errors.Is(err, test.want) {
			t.Errorf("a write that fails with %v: Run returned %v, want %v", test.err, err, test.want)
		}
	}
}

// TestLiveInput: what was found is shown before more input is waited for.
func TestLiveInput(t *testing.T) {
	in, feed := io.Pipe()
	shown, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Run(t.Context(), Options{Path: "-", Stdin: in, Out: out, Notes: io.Discard})
		out.Close()
	}()
	if _, err := feed.Write(appendPacket(bytes.Clone(pcapHeader), outer("192.0.2.1", frame.IP{}, mirrored(1)))); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 7)
	if _, err := io.ReadFull(shown, line); err != nil || string(line) != "     1 " {
		t.Errorf("the first packet is shown as %q (%v) while the input is open", line, err)
	}
	go io.Copy(io.Discard, shown) //nolint:errcheck // ends with out
	feed.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	file := appendPacket(bytes.Clone(pcapHeader), outer("192.0.2.1", frame.IP{}, mirrored(1)))
	err := Run(ctx, Options{Path: "-", Stdin: bytes.NewReader(file), Out: io.Discard, Notes: io.Discard})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v, want context.Canceled", err)
	}
}

// TestStreamsOfBothVersions: a stream over IPv4 stays one, whatever came over IPv6 in between.
func TestStreamsOfBothVersions(t *testing.T) {
	four := outer("192.0.2.1", frame.IP{}, mirrored(1))
	payload := mirrored(2)
	six := append(make([]byte, 40, 40+len(payload)), payload...)
	six[0], six[5], six[6], six[7], six[8], six[24] = 0x60, byte(len(payload)), frame.ProtocolGRE, 64, 0xFD, 0xFD
	file := bytes.Clone(pcapHeader)
	for _, p := range [][]byte{four, six, four, six} {
		file = appendPacket(file, p)
	}
	s := summaryOf(t, file)
	if s.Mirrored != 4 || len(s.Streams) != 2 || s.Streams[0].Packets != 2 || s.Streams[1].Packets != 2 {
		t.Errorf("got %+v, want two streams of two packets", s)
	}
}
