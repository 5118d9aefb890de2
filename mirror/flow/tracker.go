package flow

import (
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror/flow/talkers"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Totals count what a Tracker was given.
type Totals struct {
	Packets, Bytes uint64
	NotIP          uint64 // packets that are no IP: they are in no conversation
	Refused        uint64 // packets that are no Ethernet frame
	Blind          uint64 // TCP segments whose header was cut off, damaged or in a fragment: counted, not judged
	MirrorLost     uint64 // packets that the mirror is known to have lost
	Flows          uint64 // conversations kept now
	Begun          uint64 // conversations ever seen
	Evicted        uint64 // of them, those that made room for others
	Crowded        uint64 // packets from more watchpoints than are told apart
}

// Tracker keeps the conversations of one mirror session. One worker calls Observe; any goroutine may take snapshots.
type Tracker struct {
	table  table  // its end and
	totals Totals // the beginning of these are the cache line that every packet needs

	mu       *sync.Mutex // the worker and whoever takes a snapshot take it: hardly ever contended
	config   Config
	points   watchpoints
	losses   losses
	scanners scanners
	talkers  *talkers.Ledger
	scratch  frame.Frame // where Observe parses what was not parsed
	digest   Digest      // what Observe makes of a packet,
	spot     Spot        // and of where it was seen
	recent   recentPoints
	asked    int64 // ns: when Lost was last called
	gone     func(*entry, *details)
}

// NewTracker returns an empty tracker.
func NewTracker(c Config) *Tracker {
	c = c.complete()
	t := &Tracker{config: c, mu: c.Lock, table: newTable(c.Flows), points: newWatchpoints(c.Site), scanners: newScanners(), talkers: talkers.NewLedger(talkers.Limits{})}
	t.gone = t.retire
	return t
}

// Observe takes one packet. In steady state it allocates nothing.
func (t *Tracker) Observe(p *Packet) {
	t.mu.Lock()
	t.observe(p)
	t.mu.Unlock()
}

// ObserveAll takes packets in the order that they arrived; cheaper than one by one.
func (t *Tracker) ObserveAll(packets []Packet) {
	t.mu.Lock()
	for i := range packets {
		t.observe(&packets[i])
	}
	t.mu.Unlock()
}

// Lost notes that the receiver itself lost n packets, of whatever host, since it was last called: the kernel's drops. It is called with 0
// too, now and then, so that it is known when none were.
func (t *Tracker) Lost(n uint64, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ns, before := now.UnixNano(), t.asked
	t.asked = ns
	if n == 0 {
		return
	}
	t.losses.add(min(before, ns), ns, n)
	t.totals.MirrorLost += n
	for _, m := range t.points.streams {
		m.lost += n
	}
}

// sighted is a packet on its way through take.
type sighted struct {
	d      *Digest
	spot   *Spot
	number uint64 // of the packet, among all
	ns     int64
	stamp  uint32
	side   int
	lossy  bool // the mirror may have lost packets since the one of this side seen here before
	length uint64
}

// observe digests a packet and takes it.
func (t *Tracker) observe(p *Packet) {
	d := &t.digest
	d.Time, d.Gap = p.Time.UnixNano(), uint32(min(p.Gap, 1<<32-1))
	t.spot = t.points.spots[t.pointOf(p)]
	t.spot.Numbered = p.Numbered
	f := p.Parsed
	if f == nil {
		var err error
		if t.scratch, err = frame.Parse(p.Frame); err != nil {
			d.seg = segment{}
			t.take(d, &t.spot, 0)
			return
		}
		f = &t.scratch
	}
	d.of(f, p.Frame, int(p.length(f)), p.VLAN)
	t.take(d, &t.spot, secret.hash(d.name))
}

// take counts a packet in its conversation, and reports whether that began with it. hash is that of its name.
func (t *Tracker) take(d *Digest, spot *Spot, hash uint64) (began bool) {
	n := -1
	if d.seg.kind >= someIP {
		if n = t.table.find(d, hash); n >= 0 {
			if e, _ := t.table.at(n); t.flowing(e, d, spot) {
				return false
			}
		}
	}
	t.totals.Packets++
	if d.Gap > 0 {
		t.lose(d, spot.stream)
	}
	switch d.seg.kind {
	case noFrame:
		t.totals.Refused++
		return false
	case notIP:
		t.totals.Bytes += uint64(d.length)
		t.totals.NotIP++
		t.talkers.AddOther(d.etherType, uint64(d.length))
		return false
	case someIP, blindTCP, readTCP, unsureTCP:
	}
	t.totals.Bytes += uint64(d.length)
	s := sighted{d: d, spot: spot, number: t.totals.Packets, ns: d.Time, stamp: stampOf(d.Time), side: int(d.seg.side), length: uint64(d.length)}
	return t.converse(n, &s, hash)
}

// lose notes what was lost between the packet of the same mirror before and this one.
func (t *Tracker) lose(d *Digest, m *stream) {
	from := d.Time
	if m.last != 0 {
		from = min(m.last, d.Time)
	}
	t.losses.add(from, d.Time, uint64(d.Gap))
	t.totals.MirrorLost += uint64(d.Gap)
	m.lost += uint64(d.Gap)
}

// converse counts s in its conversation, whose entry has number n; -1: it has none. It reports whether the conversation began with it.
func (t *Tracker) converse(n int, s *sighted, hash uint64) (began bool) {
	seg := &s.d.seg
	readable := seg.kind >= readTCP
	if n >= 0 && readable && seg.flags&(SYN|ACK) == SYN {
		if e, _ := t.table.at(n); e.isAnother(s.side, seg.seq) {
			t.table.unlink(n)
			n = -1
		}
	}
	if began = n < 0; began {
		n = t.table.add(s.d, hash, s.ns, t.gone)
		t.begin(n, s)
	}
	e, d := t.table.at(n)
	e.last = max(e.last, s.ns)
	g := t.sighting(e, d, s)
	g.packets++
	g.bytes += s.length
	g.last = s.stamp
	switch seg.kind {
	case readTCP, unsureTCP:
		t.judge(e, d, g, s, seg)
	case blindTCP:
		t.totals.Blind++
		d.blind = true
		g.flags |= loose
		g.lost = uint32(s.spot.stream.lost)
	default:
		g.lost = uint32(s.spot.stream.lost)
		d.show(firstOther, s, nil)
	}
	e.prepare()
	return began
}

// streamAt is the mirror that g is seen by.
func (t *Tracker) streamAt(g sighting) *stream { return t.points.spots[g.point].stream }

// isAnother reports whether a SYN with this sequence number begins another connection between the same ports.
func (e *entry) isAnother(side int, isn uint32) bool {
	return e.sides[side].seen&sawSequence != 0 && e.near[side].isn != isn
}

// begin fills the entry of a new conversation.
func (t *Tracker) begin(n int, s *sighted) {
	e, d := t.table.at(n)
	e.last, d.first, d.beganBy = s.ns, s.ns, uint8(s.side)
	for i := range e.sides {
		e.sides[i].scale = noScale
	}
	t.totals.Begun++
}

// retire takes leave of a conversation that makes room.
func (t *Tracker) retire(e *entry, d *details) { t.talkers.Add(e.edge(d)) }

// edge is what the conversation amounts to for those who count talkers.
func (e *entry) edge(d *details) talkers.Conversation {
	c := talkers.Conversation{
		A: d.key.ends[0].netip(), B: d.key.ends[1].netip(), Protocol: d.key.protocol(),
		First: d.first, Last: e.last,
	}
	c.PacketsAB, c.BytesAB = e.packets(d, 0)
	c.PacketsBA, c.BytesBA = e.packets(d, 1)
	c.ServicePort = e.servicePort(&d.key)
	return c
}

// servicePort is the port of the end that was asked: not the one that began, or, when that is not known, the lower one.
func (e *entry) servicePort(k *key) uint16 {
	switch e.initiator {
	case 1:
		return k.port(1)
	case 2:
		return k.port(0)
	}
	return min(k.port(0), k.port(1))
}

// sighting is where s is counted: the sighting of its side at its watchpoint.
func (t *Tracker) sighting(e *entry, d *details, s *sighted) sighting {
	var oldest sighting
	for i := range maxSightings {
		g := e.sighting(d, s.side, i)
		if g.packets == 0 {
			return t.newSighting(g, s)
		}
		if g.point == s.spot.point && g.point != 0 {
			return t.turnTo(g, s)
		}
		if oldest.pace == nil || since(oldest.last, g.last) > 0 {
			oldest = g
		}
	}
	if g, ok := t.crowded(e, d, s); ok {
		return g
	}
	d.replaced = true
	d.forgotten[s.side].packets += oldest.packets
	d.forgotten[s.side].bytes += oldest.bytes
	return t.newSighting(oldest, s)
}

// crowded is the sighting of all places that are too many to be told apart, if s is of one of them.
func (t *Tracker) crowded(e *entry, d *details, s *sighted) (sighting, bool) {
	if s.spot.point != 0 {
		return sighting{}, false
	}
	for i := range maxSightings {
		if g := e.sighting(d, s.side, i); g.packets > 0 && g.point == 0 {
			t.totals.Crowded++
			return t.turnTo(g, s), true
		}
	}
	return sighting{}, false
}

// newSighting makes g the sighting of a place where the side was not seen before.
func (t *Tracker) newSighting(g sighting, s *sighted) sighting {
	if s.spot.point == 0 {
		t.totals.Crowded++
	}
	*g.pace, *g.mishaps = pace{point: s.spot.point, first: s.stamp}, mishaps{}
	t.turnTo(g, s)
	g.lostAtFirst = g.lost
	s.lossy = false
	return g
}

// turnTo brings the mirror that s came with up to date.
func (t *Tracker) turnTo(g sighting, s *sighted) sighting {
	m := s.spot.stream
	m.last = max(m.last, s.ns)
	if !s.spot.Numbered {
		m.unnumbered = max(m.unnumbered, s.ns)
	}
	s.lossy = uint32(m.lost) != g.lost
	g.lost = uint32(m.lost)
	return g
}
