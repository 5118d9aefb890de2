package tracking

import (
	"context"
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// udpOf is a mirrored UDP packet of conversation n.
func udpOf(n int) []byte {
	udp := make([]byte, 8)
	binary.BigEndian.PutUint16(udp, uint16(1000+n))
	binary.BigEndian.PutUint16(udp[2:], 53)
	ip := frame.IP{Version: 4, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"), Protocol: frame.ProtocolUDP, TTL: 64, HeaderLen: 20, TotalLen: 28}
	return append(ip.AppendHeader(frame.Ethernet{Dst: frame.MAC{2, 0, 0, 0, 0, 1}, EtherType: frame.EtherTypeIPv4}.AppendHeader(nil)), udp...)
}

// offered offers a packet of a session to a relay.
func offered(r *Relay, uid string, inner []byte, gap uint32) {
	p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true}, Frame: inner}
	payload := p.Append(nil)
	d := gre.Datagram{At: 1_800_000_000_000_000_000, Ends: gre.EndsOf(netip.MustParseAddr("10.1.0.1"), netip.MustParseAddr("10.2.0.1")), Payload: payload, PayloadLen: len(payload)}
	whose := &evidence.Whose{Attribution: evidence.IsConfirmed, UID: uid, PortKey: "7", Host: "esx-01", Direction: mirror.FromVM}
	r.Offer([]gre.Datagram{d}, []evidence.Finding{{Whose: whose, Gap: gap, Frame: int32(len(payload) - len(inner))}})
}

func usable(string) bool { return true }

// What a worker offers while the tracking reads is counted once, each packet by the tracker of its session, or told as missed.
func TestRelayCountsEveryPacket(t *testing.T) {
	rs := new(Relays)
	trackers := NewTrackers(rs, func() uint64 { return 0 }, usable)
	one, other := trackers.Add("one", flow.Config{}), trackers.Add("other", flow.Config{})
	const packets = 3 * relayLen
	var workers sync.WaitGroup
	for w := range 2 {
		r := rs.Of(w)
		workers.Go(func() {
			for i := range packets {
				if i%7 == 0 {
					r.Begin()
				}
				offered(r, []string{"one", "other", "nobody's"}[i%3], udpOf(i%100), 0)
				if i%7 == 6 {
					r.End()
				}
			}
			r.End()
		})
	}
	ended := make(chan struct{})
	go func() { workers.Wait(); close(ended) }()
	for done := false; !done; {
		select {
		case <-ended:
			done = true
		default:
		}
		trackers.Read()
	}
	trackers.Tick(time.Unix(1_800_000_001, 0))
	a, b, missed := one.Totals(), other.Totals(), one.Missed()
	if a.Packets+b.Packets+missed != 2*2*packets/3 || a.Packets == 0 || b.Packets == 0 || a.Refused+b.Refused > 0 {
		t.Errorf("%d and %d packets, %d missed, of %d", a.Packets, b.Packets, missed, 2*2*packets/3)
	}
	if missed > 0 && a.MirrorLost < missed {
		t.Errorf("%d were missed, and the tracker knows of %d", missed, a.MirrorLost)
	}
}

// What does not fit is lost, counted, and told to the trackers, also of a ring that began anew, and while somebody reads.
func TestRelayLosesWhatIsNotRead(t *testing.T) {
	rs := new(Relays)
	trackers := NewTrackers(rs, func() uint64 { return 5 }, usable)
	s := trackers.Add("one", flow.Config{})
	r := rs.Of(0)
	const tooMany = 10
	for round, held := range []sync.Locker{&rs.lock, &r.reading, &r.reading} {
		before, missed := s.Totals(), s.Missed()
		held.Lock() // somebody has the trackers, or reads, so that the worker leaves everything
		r.Begin()
		for i := range relayLen + tooMany {
			offered(r, "one", udpOf(i%100), 0)
		}
		r.End()
		held.Unlock()
		if n := trackers.Read(); n != relayLen {
			t.Errorf("round %d: read %d, want %d", round, n, relayLen)
		}
		trackers.Tick(time.Unix(1_800_000_001+int64(round), 0))
		if c := s.Totals(); s.Missed()-missed != tooMany || c.MirrorLost-before.MirrorLost != tooMany || c.Packets-before.Packets != relayLen {
			t.Errorf("round %d: missed %d: %+v, before %+v", round, s.Missed()-missed, c, before)
		}
		for range step + round { // so much that the ring begins anew, elsewhere in each round
			r.Begin()
			offered(r, "one", udpOf(1), 0)
			r.End()
			trackers.Read() // the first of them: it is known anew whether numbers can be used
		}
	}
}

// A worker counts what it offers by itself, but leaves it to the tracking while somebody else has the trackers, and where it would take long.
func TestWorkerCountsByItself(t *testing.T) {
	rs := new(Relays)
	trackers := NewTrackers(rs, func() uint64 { return 0 }, usable)
	s := trackers.Add("one", flow.Config{})
	r := rs.Of(0)
	send := func(first, n int) {
		r.Begin()
		for i := range n {
			offered(r, "one", udpOf(first+i), 0)
		}
		r.End()
	}
	expect := func(what string, packets, left uint64) {
		t.Helper()
		if got := s.Totals().Packets; got != packets {
			t.Errorf("%s: counted %d, want %d", what, got, packets)
		}
		if got := trackers.Read(); got != left {
			t.Errorf("%s: left %d, want %d", what, got, left)
		}
	}
	send(0, 1)
	expect("a place that is not known", 0, 1)
	send(0, 10)
	expect("one that is", 11, 0)
	rs.lock.Lock()
	send(0, 10)
	rs.lock.Unlock()
	expect("while somebody has the trackers", 11, 10)
	rs.lock.Lock()
	send(0, 10)
	rs.lock.Unlock()
	send(0, 10)
	expect("after that", 41, 0)
	r.reading.Lock()
	send(0, 10)
	r.reading.Unlock()
	expect("while somebody reads", 41, 10)
	send(100, 1000)
	began := s.Totals().Packets - 51
	if began == 0 || began > mostBegun {
		t.Errorf("a worker counted %d new conversations at once", began)
	}
	expect("many that are new", 51+began, 1000-began)
	trackers.Remove("one")
	send(0, 10)
	trackers.Read()
	expect("after the end", 1051, 0)
}

// Within a long batch a worker counts a few at a time, in a small part of the ring.
func TestWorkerCountsInSteps(t *testing.T) {
	rs := new(Relays)
	trackers := NewTrackers(rs, func() uint64 { return 0 }, usable)
	s := trackers.Add("one", flow.Config{})
	r := rs.Of(0)
	send := func(first, n int) {
		for i := range n {
			offered(r, "one", udpOf(first+i%10), 0)
		}
	}
	r.Begin()
	send(0, 10)
	r.End()
	trackers.Read()
	r.Begin()
	for range 20 {
		send(0, step)
		if got := r.head % relayLen; got > step {
			t.Fatalf("%d slots are used", got)
		}
	}
	if got := s.Totals().Packets; got != 10+20*step {
		t.Errorf("counted %d before the end of the batch, want %d", got, 10+20*step)
	}
	for i := range 100 { // conversations, of which some may begin
		send(100+10*i, 10)
	}
	r.End()
	if got := s.Totals().Begun; got != 10+mostBegun {
		t.Errorf("%d conversations began in a batch, want %d", got-10, mostBegun)
	}
	r.Begin()
	r.End()
	if got := s.Totals().Begun; got != 10+2*mostBegun {
		t.Errorf("%d conversations began in two, want %d", got-10, 2*mostBegun)
	}
}

// Whoever runs is told of what a worker leaves, and looks at nothing before.
func TestRunIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rs := new(Relays)
		asked := 0
		trackers := NewTrackers(rs, func() uint64 { asked++; return 0 }, usable)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- trackers.Run(ctx) }()
		synctest.Wait()
		s := trackers.Add("one", flow.Config{})
		synctest.Wait()
		if asked != 2 { // at the beginning and for what was added
			t.Errorf("asked %d times for drops", asked)
		}
		r := rs.Of(0)
		for i := range 3 {
			r.Begin()
			for n := range 100 {
				offered(r, "one", udpOf(1000*i+n), 0)
			}
			r.End()
			synctest.Wait()
			if got := s.Totals().Packets; got != uint64(i+1)*100 {
				t.Errorf("batch %d: counted %d", i, got)
			}
		}
		time.Sleep(3*time.Second + time.Millisecond)
		synctest.Wait()
		if asked != 5 {
			t.Errorf("asked %d times for drops after three seconds", asked)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// What would make an index grow for long is left to the tracking.
func TestWorkerGrowsNoLargeIndex(t *testing.T) {
	rs := new(Relays)
	trackers := NewTrackers(rs, func() uint64 { return 0 }, usable)
	s := trackers.Add("one", flow.Config{})
	r := rs.Of(0)
	left := uint64(0)
	for i := range 5000 {
		r.Begin()
		offered(r, "one", udpOf(i), 0)
		r.End()
		left += trackers.Read()
	}
	if n := s.Totals().Flows; n != 5000 || left != 3 { // the first, whose place is not known, and those behind 2,048 and 4,096 conversations
		t.Errorf("%d conversations, %d packets were left", n, left)
	}
}

// A session that is tracked no more costs nothing, and one that is tracked anew begins anew.
func TestTrackingBeginsAndEnds(t *testing.T) {
	rs := new(Relays)
	dropped := uint64(0)
	trackers := NewTrackers(rs, func() uint64 { return dropped }, usable)
	r := rs.Of(0)
	send := func(gap uint32) {
		offered(r, "one", udpOf(1), gap)
		r.flush()
		trackers.Read()
	}
	send(0)
	if r.head != 0 || rs.Wanted() != nil {
		t.Error("a packet that nobody tracks was handed on")
	}
	first := trackers.Add("one", flow.Config{})
	if w := rs.Wanted(); len(w) != 1 || w[0] != "one" {
		t.Errorf("wanted %v", w)
	}
	send(0)
	send(3)
	trackers.Remove("one")
	send(0)
	second := trackers.Add("one", flow.Config{})
	send(0)
	dropped = 4
	trackers.Tick(time.Unix(1_800_000_001, 0))
	if a, b := first.Totals(), second.Totals(); a.Packets != 2 || a.MirrorLost != 3 || b.Packets != 1 || b.MirrorLost != 4 {
		t.Errorf("%+v and %+v", a, b)
	}
	flows := second.Flows(time.Unix(1_800_000_002, 0), nil)
	if len(flows) != 1 || flows[0].AToB.Seen[0].Host != "esx-01" || flows[0].AToB.Seen[0].Source != "7" {
		t.Errorf("%+v", flows)
	}
}

func TestHeaderVLAN(t *testing.T) {
	for name, c := range map[string]struct {
		p    erspan.Packet
		want uint16
	}{
		"removed":          {erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true}, Header: erspan.Header{VLAN: 12, Encap: erspan.EncapDot1Q}}, 12},
		"with a key":       {erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true, HasKey: true, Key: 9}, Header: erspan.Header{VLAN: 12, Encap: erspan.EncapDot1Q}}, 12},
		"none":             {erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{HasSequence: true}, Header: erspan.Header{VLAN: 12}}, 0},
		"type III":         {erspan.Packet{Type: erspan.TypeIII, Header: erspan.Header{VLAN: 13}}, 13},
		"type I":           {erspan.Packet{Type: erspan.TypeI}, 0},
		"bridged Ethernet": {erspan.Packet{Type: erspan.Bridging}, 0},
	} {
		c.p.Frame = udpOf(1)
		b := c.p.Append(nil)
		if got := headerVLAN(b); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
		for n := range b {
			headerVLAN(b[:n]) // must not panic
		}
	}
}
