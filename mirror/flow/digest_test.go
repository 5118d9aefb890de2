package flow

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The short way to read a frame says what the long one does, of whatever was done to the frame.
func TestDigestReadsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ends := [2]netip.AddrPort{client, server}
		if rapid.Bool().Draw(t, "the other way") {
			ends[0], ends[1] = ends[1], ends[0]
		}
		if rapid.IntRange(0, 9).Draw(t, "same address") == 0 {
			ends[1] = netip.AddrPortFrom(ends[0].Addr(), rapid.Uint16().Draw(t, "port"))
		}
		b := tcpFrame(ends[0], ends[1], rapid.SampledFrom([]uint16{0, 0, 0, 7}).Draw(t, "tag"), 9, rapid.Byte().Draw(t, "flags"), 1, 2, 3, 4, make([]byte, rapid.IntRange(0, 50).Draw(t, "data")))
		for range rapid.IntRange(0, 3).Draw(t, "damages") {
			b[rapid.IntRange(12, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		b = b[:rapid.IntRange(0, len(b)).Draw(t, "cut")]
		compareDigests(t, b, len(b)+rapid.IntRange(0, 9).Draw(t, "more"), rapid.Uint16().Draw(t, "vlan"))
	})
}

type failing interface {
	Helper()
	Fatalf(string, ...any)
}

func compareDigests(t failing, b []byte, wire int, vlan uint16) {
	t.Helper()
	var short, long Digest
	if !short.ReadPlain(b, wire, vlan) {
		return
	}
	long.ReadAny(b, wire, false, vlan)
	if short != long {
		t.Fatalf("% x: the short way says %+v, the long one %+v", b, short, long)
	}
}

func FuzzDigest(f *testing.F) {
	f.Add(tcpFrame(client, server, 0, 1, SYN, 1, 0, 1000, 1, nil), uint16(0))
	f.Add(tcpFrame(server, client, 5, 1, ACK, 1, 0, 1000, 1, []byte("hello")), uint16(9))
	f.Fuzz(func(t *testing.T, b []byte, vlan uint16) {
		compareDigests(t, b, len(b), vlan)
		lock := new(sync.Mutex)
		tracker := NewTracker(Config{Lock: lock})
		s := Seated{Seat: &Seat{Tracker: tracker, Spot: tracker.Spot(Place{Host: "esx-01"}, 1)}}
		s.Read(b, len(b), true, vlan)
		NewBatch(lock).Count([]Seated{s})
		tracker.Flows(epoch, nil)
	})
}

// What is given in batches is counted as what is given one by one.
func TestBatchesCountAlike(t *testing.T) {
	packets := steady(300, 5000)
	random := rand.New(rand.NewPCG(5, 6))
	lock := new(sync.Mutex)
	var single, batched [3]*Tracker
	seats := [3]map[Place]*Seat{}
	for i := range single {
		single[i], batched[i] = NewTracker(Config{}), NewTracker(Config{Lock: lock})
		seats[i] = map[Place]*Seat{}
	}
	list := make([]Seated, len(packets))
	for i := range packets {
		p, at := &packets[i], random.IntN(len(single))
		p.Gap = uint64(random.IntN(50) / 49)
		single[at].Observe(p)
		place := Place{p.Host, p.Exporter, p.Source, p.Direction}
		if seats[at][place] == nil {
			seats[at][place] = &Seat{Tracker: batched[at], Spot: batched[at].Spot(place, p.Time.UnixNano())}
			seats[at][place].Spot.Numbered = true
		}
		list[i] = seated(p, seats[at][place])
	}
	for batch := NewBatch(lock); len(list) > 0; {
		n := min(1+random.IntN(200), len(list))
		if random.IntN(2) == 0 {
			n, _ = batch.TryCount(list[:n], 0, 32)
		} else {
			batch.Count(list[:n])
		}
		list = list[n:]
	}
	now := packets[len(packets)-1].Time.Add(time.Hour)
	for i := range single {
		sameFlows(t, single[i], batched[i], now)
	}
}

// A connection that is replaced within a batch by another between the same ports gets nothing of what comes behind, though it was to be.
func TestBatchCountsForWhoHasTheName(t *testing.T) {
	k := newTalk().handshake().send(0, ACK, 100).send(1, ACK, 100).send(0, ACK, 100)
	before := len(k.packets)
	k.send(0, ACK, 100).at(0, SYN, 5_000_000, 0, nil).send(0, ACK, 100)
	packets := k.seenAt("esx-a1", "web", 0)
	lock := new(sync.Mutex)
	single, batched := NewTracker(Config{}), NewTracker(Config{Lock: lock})
	list := make([]Seated, len(packets))
	for i := range packets {
		p := &packets[i]
		single.Observe(p)
		seat := &Seat{Tracker: batched, Spot: batched.Spot(Place{p.Host, p.Exporter, p.Source, p.Direction}, p.Time.UnixNano())}
		seat.Spot.Numbered = p.Numbered
		list[i] = seated(p, seat)
	}
	batch := NewBatch(lock)
	batch.Count(list[:before])
	batch.Count(list[before:])
	if n := batched.Totals().Flows; n != 2 {
		t.Fatalf("%d conversations, want 2", n)
	}
	sameFlows(t, single, batched, k.now.Add(time.Hour))
}

// seated is the digest of a packet.
func seated(p *Packet, seat *Seat) Seated {
	s := Seated{Seat: seat}
	s.Time, s.Gap = p.Time.UnixNano(), uint32(p.Gap)
	s.Read(p.Frame, len(p.Frame), false, 0)
	return s
}

// sameFlows fails when what was counted in batches is not what was counted one by one.
func sameFlows(t *testing.T, single, batched *Tracker, now time.Time) {
	t.Helper()
	want, got := single.Flows(now, nil), batched.Flows(now, nil)
	ByBytes.Sort(want)
	ByBytes.Sort(got)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Flow{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Fatalf("one by one (-), in batches (+):\n%s", diff)
	}
	if a, b := single.Totals(), batched.Totals(); a != b {
		t.Errorf("%+v, in batches %+v", a, b)
	}
}
