package flow

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// steady are packets of n established conversations of many VMs, in an order that has no locality, parsed as evidence does. Sequence numbers
// stand still, so that they may be fed again and again.
func steady(n, packets int) []Packet {
	random := rand.New(rand.NewPCG(1, 2))
	all := make([]Packet, packets)
	for i := range all {
		c := random.IntN(n)
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(c >> 16), byte(c >> 8), byte(c)}), uint16(1024+c%50000))
		dst := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 200, 0, byte(c % 64)}), 443)
		p := Packet{Time: epoch.Add(time.Duration(i) * time.Microsecond), Host: hosts[c%len(hosts)], Source: vms[c%len(vms)], Direction: mirror.FromVM, Numbered: true}
		p.Exporter = netip.AddrFrom4([4]byte{10, 1, 0, byte(c % len(hosts))})
		seq := uint32(1000)
		if random.IntN(2) == 0 {
			src, dst, p.Direction = dst, src, mirror.ToVM
		}
		p.Frame = tcpFrame(src, dst, 0, uint16(i), ACK, seq, 1000, 65535, uint32(i+1), nil)
		f, err := frame.Parse(p.Frame)
		if err != nil {
			panic(err)
		}
		p.Parsed = &f
		all[i] = p
	}
	return all
}

var hosts = []string{"esx-01.example", "esx-02.example", "esx-03.example", "esx-04.example"}

var vms = func() (names []string) {
	for i := range 64 {
		names = append(names, "vm-"+string(rune('a'+i%26))+string(rune('a'+i/26)))
	}
	return names
}()

// hot is a packet that is changed in place to be of one conversation or another, as a packet that evidence has just read is hot.
type hot struct {
	packet Packet
	parsed frame.Frame
}

func newHot(d mirror.Direction) *hot {
	h := &hot{packet: Packet{Time: epoch, Direction: d, Numbered: true, Frame: tcpFrame(client, server, 0, 1, ACK, 1000, 1000, 65535, 1, nil)}}
	h.parsed, _ = frame.Parse(h.packet.Frame)
	h.packet.Parsed = &h.parsed
	return h
}

// become makes h a packet of conversation c.
func (h *hot) become(c uint32) *Packet {
	b := h.packet.Frame
	vm, peer, port := 0x0A000000|c, 0x0AC80000|c%64, uint16(1024+c%50000)
	h.packet.Host, h.packet.Source = hosts[c%4], vms[c%64]
	if h.packet.Direction == mirror.FromVM {
		binary.BigEndian.PutUint64(b[26:], uint64(vm)<<32|uint64(peer))
		h.parsed.SrcPort, h.parsed.DstPort = port, 443
	} else {
		binary.BigEndian.PutUint64(b[26:], uint64(peer)<<32|uint64(vm))
		h.parsed.SrcPort, h.parsed.DstPort = 443, port
	}
	return &h.packet
}

// order visits n conversations without locality; by n it is the same again.
func order(n int) []uint32 {
	all := make([]uint32, n)
	for i, c := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		all[i] = uint32(c)
	}
	return all
}

func BenchmarkObserve(b *testing.B) {
	for _, n := range []int{64, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkObserve(b, n, Config{}) })
		b.Run(strconv.Itoa(n)+" with sites", func(b *testing.B) { benchmarkObserve(b, n, Config{Site: bySite}) })
	}
}

func benchmarkObserve(b *testing.B, n int, c Config) {
	t := NewTracker(c)
	from, to := newHot(mirror.FromVM), newHot(mirror.ToVM)
	conversations := order(n)
	for range 2 {
		for _, c := range conversations {
			t.Observe(from.become(c))
			t.Observe(to.become(c))
		}
		from.packet.Time, to.packet.Time = epoch.Add(time.Minute), epoch.Add(time.Minute) // what was in doubt is settled
	}
	b.ReportAllocs()
	defer cpuTime(b)()
	for i := 0; b.Loop(); i++ {
		h := from
		if i&1 != 0 {
			h = to
		}
		if n = len(conversations); i >= n {
			i = 0
		}
		t.Observe(h.become(conversations[i]))
	}
}

func BenchmarkObserveAll(b *testing.B) {
	t := NewTracker(Config{})
	conversations := order(10_000)
	batch := make([]*hot, 64)
	for i := range batch {
		batch[i] = newHot(mirror.FromVM + mirror.Direction(i&1))
	}
	packets := make([]Packet, len(batch))
	b.ReportAllocs()
	defer cpuTime(b)()
	at := 0
	for i := 0; i < b.N; i += len(batch) {
		for k, h := range batch {
			if at++; at == len(conversations) {
				at = 0
			}
			packets[k] = *h.become(conversations[at])
		}
		t.ObserveAll(packets)
	}
}

// What the benchmarks above spend on making their packets.
func BenchmarkBecome(b *testing.B) {
	h := newHot(mirror.FromVM)
	conversations := order(10_000)
	defer cpuTime(b)()
	for i := 0; b.Loop(); i++ {
		if i == len(conversations) {
			i = 0
		}
		h.become(conversations[i])
	}
}

// What evidence does with every packet anyway: the cost to compare with.
func BenchmarkParse(b *testing.B) {
	packets := steady(10_000, 1<<16)
	b.ReportAllocs()
	defer cpuTime(b)()
	for i := 0; b.Loop(); i++ {
		if f, err := frame.Parse(packets[i&(len(packets)-1)].Frame); err != nil || !f.HasPorts {
			b.Fatal(err)
		}
	}
}

// A flood of addresses that are never seen again: what each costs when every packet makes another conversation go.
func BenchmarkFlood(b *testing.B) {
	t := NewTracker(Config{})
	wire := tcpFrame(client, server, 0, 1, SYN, 1, 0, 1000, 1, nil)
	p := Packet{Time: epoch, Frame: wire, Host: "esx-01", Source: "vm", Direction: mirror.ToVM, Numbered: true}
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	defer cpuTime(b)()
	for b.Loop() {
		binary.BigEndian.PutUint32(wire[26:], random.Uint32())
		binary.BigEndian.PutUint32(wire[30:], random.Uint32())
		p.Time = p.Time.Add(time.Microsecond)
		t.Observe(&p)
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	packets := steady(1000, 1<<12)
	tracker := NewTracker(Config{Site: bySite})
	tracker.ObserveAll(packets)
	if n := testing.AllocsPerRun(10, func() { tracker.ObserveAll(packets) }); n != 0 {
		t.Errorf("%d packets cost %v allocations", len(packets), n)
	}
}

// A tenth of the ten million that it must hold under; VSPAN_RANDOM_FLOWS=10000000 for all of them.
func TestMemoryIsFlatUnderRandomConversations(t *testing.T) {
	n := 1_000_000
	if s := os.Getenv("VSPAN_RANDOM_FLOWS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		n = 100_000
	}
	tracker := NewTracker(Config{})
	wire := tcpFrame(client, server, 0, 1, SYN, 1, 0, 1000, 1, nil)
	random := rand.New(rand.NewPCG(3, 4))
	feed := func(n int) {
		p := Packet{Time: epoch, Frame: wire, Host: "esx-01", Source: "vm", Direction: mirror.ToVM}
		for range n {
			binary.BigEndian.PutUint64(wire[26:], random.Uint64())
			binary.BigEndian.PutUint32(wire[34:], random.Uint32())
			p.Time = p.Time.Add(time.Microsecond)
			tracker.Observe(&p)
		}
	}
	feed(200_000) // the tables are full
	before := heap()
	feed(n)
	after := heap()
	if grown := int64(after) - int64(before); grown > 2<<20 { // Go's maps take their time to settle
		t.Errorf("the heap grew by %d bytes, to %d", grown, after)
	}
	c := tracker.Totals()
	if c.Flows != defaultFlows || c.Begun != uint64(n+200_000) || c.Evicted != c.Begun-c.Flows {
		t.Errorf("%+v", c)
	}
	t.Logf("%d conversations, %d bytes of heap", c.Begun, after)
	runtime.KeepAlive(tracker)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
