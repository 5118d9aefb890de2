package stream

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/filter"
	"github.com/vspan-io/vspan/mirror/capture/pcapng"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

var (
	esx   = netip.MustParseAddr("10.0.0.11")
	here  = netip.MustParseAddr("10.2.1.110")
	alice = frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	bob   = frame.MAC{0, 0x50, 0x56, 0, 0, 2}
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// datagram is a UDP datagram from alice to a port of bob's, in a frame of 100 bytes.
func datagram(port uint16) []byte {
	ip := frame.IP{
		Version: 4, Src: netip.MustParseAddr("10.1.0.1"), Dst: netip.MustParseAddr("10.1.0.2"), Protocol: frame.ProtocolUDP, TTL: 64,
		HeaderLen: 20, TotalLen: 86,
	}
	b := ip.AppendHeader(frame.Ethernet{Dst: bob, Src: alice, EtherType: frame.EtherTypeIPv4}.AppendHeader(nil))
	b = append(b, 0, 9, byte(port>>8), byte(port), 0, 66, 0, 0)
	return append(b, make([]byte, 58)...)
}

// stage is a broker with one feed and a subscription to session u1.
type stage struct {
	feed   *capture.Feed
	broker *capture.Broker
	frames *capture.Subscription
}

func newStage(t *testing.T, buffer capture.Buffer) *stage {
	b := capture.NewBroker()
	s := &stage{feed: b.Feed(0), broker: b, frames: b.Subscribe(capture.Want{Sessions: []string{"u1"}, Outer: true, Buffer: buffer})}
	t.Cleanup(s.frames.Close)
	return s
}

func (s *stage) offer(inner []byte, change func(*capture.Original)) {
	payload := erspan.Packet{GRE: gre.Header{HasSequence: true}, Type: erspan.TypeII, Header: erspan.Header{SessionID: 5}, Frame: inner}.Append(nil)
	o := &capture.Original{
		Time: noon, Source: esx, Destination: here, Payload: payload, WireLen: 20 + len(payload), UID: "u1", PortKey: "112", Host: "esx-01",
		Direction: mirror.FromVM,
	}
	if change != nil {
		change(o)
	}
	s.feed.Offer(o)
	s.feed.Flush()
}

func (s *stage) stream(t *testing.T, expression string, change func(*Options)) *Stream {
	t.Helper()
	f, err := filter.Compile(expression)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{
		Frames: s.frames, Filter: f, Sources: []Source{{UID: "u1", PortKey: "112"}},
		Recording: recording.Options{Name: func(uid, port string) recording.Source {
			return recording.Source{Session: uid, VM: "web-01", NIC: "nic" + port}
		}},
	}
	if change != nil {
		change(&o)
	}
	return New(o)
}

// blocks counts the blocks of a file by their type, and fails the test if there is anything else in it.
func blocks(t *testing.T, file []byte) map[byte]int {
	t.Helper()
	if n, err := pcapng.Whole(bytes.NewReader(file)); err != nil || n != int64(len(file)) {
		t.Fatalf("%d of %d bytes are whole blocks, %v", n, len(file), err)
	}
	seen := make(map[byte]int)
	for len(file) > 0 {
		seen[file[0]]++
		file = file[int(file[4])|int(file[5])<<8|int(file[6])<<16:]
	}
	return seen
}

// The types of blocks, by their first byte.
const (
	section, description, statistics, packet = 0x0A, 1, 5, 6
)

func TestBeginsBeforeTheFirstFrame(t *testing.T) {
	s := newStage(t, capture.Buffer{})
	for direction, interfaces := range map[mirror.Direction]int{mirror.Both: 2, mirror.FromVM: 1, mirror.ToVM: 1} {
		st := s.stream(t, "", func(o *Options) { o.Direction = direction })
		b := st.Begin(nil, noon)
		if seen := blocks(t, b); seen[section] != 1 || seen[description] != interfaces {
			t.Errorf("%v: %v", direction, seen)
		}
	}
}

func TestPicks(t *testing.T) {
	toBob := func(o *capture.Original) { o.Direction = mirror.ToVM }
	for name, c := range map[string]struct {
		expression string
		direction  mirror.Direction
		want       int
	}{
		"all":             {"", mirror.Both, 4},
		"a port":          {"udp dst port 53", mirror.Both, 2},
		"a direction":     {"", mirror.FromVM, 3},
		"both of it":      {"udp dst port 53", mirror.ToVM, 1},
		"by its length":   {"less 99", mirror.Both, 0},
		"nothing of it":   {"tcp", mirror.Both, 0},
		"not as it seems": {"not udp dst port 53", mirror.FromVM, 2},
	} {
		s := newStage(t, capture.Buffer{})
		st := s.stream(t, c.expression, func(o *Options) { o.Direction, o.Recording.SnapLength = c.direction, 60 })
		s.offer(datagram(53), nil)
		s.offer(datagram(53), toBob)
		s.offer(datagram(80), nil)
		s.offer(datagram(443), nil)
		b, err := st.Next(t.Context(), 0, st.Begin(nil, noon))
		if err != nil {
			t.Fatal(err)
		}
		if got := blocks(t, b)[packet]; got != c.want || st.Counts() != (Counts{Packets: uint64(c.want), Bytes: uint64(c.want) * 100}) {
			t.Errorf("%s: %d packets, %+v", name, got, st.Counts())
		}
	}
}

// Whether a portgroup has a VLAN does not decide what is picked, unless the filter asks for it.
func TestVLANs(t *testing.T) {
	tagged := func(b []byte, tags ...uint16) []byte {
		whole := append([]byte(nil), b[:12]...)
		for _, tpid := range tags {
			whole = append(whole, byte(tpid>>8), byte(tpid), 0, 7)
		}
		return append(whole, b[12:]...)
	}
	frames := [][]byte{
		datagram(53), tagged(datagram(53), 0x8100), tagged(datagram(53), 0x88A8, 0x8100), tagged(datagram(80), 0x8100), tagged(datagram(53), 0x8100)[:16],
	}
	for expression, want := range map[string]uint64{
		"udp dst port 53": 3, "not udp dst port 53": 2, "vlan": 4, "vlan 7 and udp dst port 53": 1, "not vlan": 1, "less 100": 5, "": 5,
	} {
		s := newStage(t, capture.Buffer{})
		st := s.stream(t, expression, nil)
		for _, f := range frames {
			s.offer(f, nil)
		}
		if _, err := st.Next(t.Context(), 0, nil); err != nil || st.Counts().Packets != want {
			t.Errorf("%q picks %d, want %d (%v)", expression, st.Counts().Packets, want, err)
		}
	}
}

// What was lost before a frame that is not picked is told of with the next one that is, and at the end what was lost after the last one.
func TestLossesAreTold(t *testing.T) {
	s := newStage(t, capture.Buffer{Bytes: 1, Frames: 1}) // of the least size
	st := s.stream(t, "udp dst port 53", nil)
	gap := func(n uint32) func(*capture.Original) { return func(o *capture.Original) { o.Gap = n } }
	s.offer(datagram(53), nil)
	s.offer(datagram(80), gap(3))
	s.offer(datagram(53), gap(2))
	for range 100 {
		s.offer(datagram(80), nil)
	}
	b, err := st.Next(t.Context(), 0, st.Begin(nil, noon))
	if err != nil {
		t.Fatal(err)
	}
	s.offer(datagram(80), nil) // knows of what was lost, and is not picked
	if b, err = st.Next(t.Context(), 0, b); err != nil {
		t.Fatal(err)
	}
	c := st.Counts()
	if c.Packets != 2 || c.Missing != 5 || c.Lost < 80 {
		t.Errorf("counts %+v", c)
	}
	b = st.End(b, noon)
	if seen := blocks(t, b); seen[packet] != 2 || seen[statistics] != 2 {
		t.Errorf("blocks %v", seen)
	}
	for _, want := range []string{"5 mirror packets were lost before this one", "frames not captured because they were not read in time"} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("the file does not say %q", want)
		}
	}
}

func TestEnough(t *testing.T) {
	s := newStage(t, capture.Buffer{})
	st := s.stream(t, "", func(o *Options) { o.Packets = 3 })
	for range 5 {
		s.offer(datagram(53), nil)
	}
	b, err := st.Next(t.Context(), time.Hour, nil)
	if !errors.Is(err, ErrEnough) || blocks2(b) != 3 {
		t.Errorf("%v after %d packets", err, blocks2(b))
	}
}

// blocks2 counts packets in what has no section header.
func blocks2(b []byte) int { return strings.Count(string(b), string(datagram(53))) }

func TestSnapLengthCutsWhatTheFilterHasSeen(t *testing.T) {
	s := newStage(t, capture.Buffer{})
	for _, outer := range []bool{false, true} {
		st := s.stream(t, "udp[8] = 0", func(o *Options) { o.Recording.SnapLength, o.Recording.Outer = 20, outer })
		s.offer(datagram(53), nil)
		b, err := st.Next(t.Context(), 0, nil)
		if err != nil || st.Counts().Packets != 1 {
			t.Fatalf("%v, %+v", err, st.Counts())
		}
		if bytes.Contains(b, make([]byte, 40)) {
			t.Errorf("outer %t: not cut: %x", outer, b)
		}
	}
}

// Many frames that are not picked must not keep a capture from seeing that it has ended, nor from coming back in time.
func TestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, capture.Buffer{})
		st := s.stream(t, "tcp", nil)
		begun := time.Now()
		if b, err := st.Next(t.Context(), time.Second, nil); err != nil || len(b) > 0 || time.Since(begun) != time.Second {
			t.Errorf("%d bytes, %v, after %s", len(b), err, time.Since(begun))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := st.Next(ctx, time.Hour, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		cancel()
		for range 3 * glance {
			s.offer(datagram(1), nil)
		}
		if _, err := st.Next(ctx, time.Hour, nil); err == nil {
			t.Error("it does not see that it has ended")
		}
		s.broker.Retire("u1")
		if _, err := st.Next(t.Context(), time.Hour, nil); !errors.Is(err, capture.ErrEnded) {
			t.Errorf("%v", err)
		}
	})
}

func TestNextAllocatesNothing(t *testing.T) {
	s := newStage(t, capture.Buffer{})
	st := s.stream(t, "udp", nil)
	b := st.Begin(make([]byte, 0, 64<<10), noon)
	n := testing.AllocsPerRun(50, func() {
		s.offer(datagram(53), nil)
		b, _ = st.Next(t.Context(), 0, b[:0])
	})
	without := testing.AllocsPerRun(50, func() { s.offer(datagram(53), nil); s.frames.Poll() })
	if n > without {
		t.Errorf("%v allocations, %v of them for the offer", n, without)
	}
}

// Frames that came before the receiver copied whole ones are not picked.
func TestPicksNoneFromBefore(t *testing.T) {
	s := newStage(t, capture.Buffer{})
	x := s.stream(t, "", func(o *Options) { o.After = noon.UnixNano() })
	s.offer(datagram(1), func(o *capture.Original) { o.Time = noon.Add(-time.Nanosecond) })
	s.offer(datagram(2), nil)
	if _, err := x.Next(t.Context(), time.Millisecond, nil); err != nil {
		t.Fatal(err)
	}
	if n := x.Counts().Packets; n != 1 {
		t.Errorf("%d frames were picked, want the second alone", n)
	}
}
