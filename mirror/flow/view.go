package flow

import (
	"net/netip"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror/flow/talkers"
)

// End is one end of a conversation. Port is 0 for protocols without.
type End struct {
	Addr netip.Addr
	Port uint16
}

// Way is one direction of a conversation.
type Way struct {
	// Packets and Bytes count all that was seen, of frames on the wire, as a capture of all watchpoints would: what was seen at two
	// places counts twice.
	Packets, Bytes uint64
	// Retransmissions are segments that were sent again; OutOfOrder those that came late and were not seen before; Copies those that
	// one place showed twice; ZeroWindows those that closed the window. Of several places the one with most counts.
	Retransmissions, OutOfOrder, Copies, ZeroWindows uint64
	// Seen is where, at most four places.
	Seen []Seen
}

// Seen is a place where a direction was seen.
type Seen struct {
	Watchpoint
	Packets, Bytes uint64
	First, Last    time.Time // to the millisecond
}

// Flow is a conversation. A is the end that began it, or, when that is not known, the one that was seen first.
type Flow struct {
	A, B     End
	Protocol uint8
	VLAN     uint16 // 0: none
	// Began says that A is known to have begun it.
	Began       bool
	AToB, BToA  Way
	First, Last time.Time
	State       State
	// HandshakeRTT is from the SYN to the acknowledgement of its answer; 0: not seen, or the SYN was repeated.
	HandshakeRTT time.Duration
	// MirrorLost is how many packets the mirrors that show this conversation lost while it lasted: as many of its own may be missing.
	MirrorLost uint64
	Problems   []Problem
	// Doubts look like problems and may be the mirror's doing.
	Doubts []Problem
	// Passages are the firewall's view, by site.
	Passages []Passage

	sideA int // which side of the entry A is
}

// Packets is that of both directions.
func (f *Flow) Packets() uint64 { return f.AToB.Packets + f.BToA.Packets }

// Has reports whether a problem of that kind is known.
func (f *Flow) Has(k Kind) bool {
	return slices.ContainsFunc(f.Problems, func(p Problem) bool { return p.Kind == k })
}

// Scan is an address that tries one target after the other.
type Scan struct {
	From                        netip.Addr
	Since, First, Last          time.Time // when it was recognised, and its first and last attempt
	Attempts, Answered, Refused uint64
	// Targets, Hosts and Ports are how many different (host, port), hosts and ports it tried: estimates with a standard error of
	// about 6 % up to 2000, 500 and 500, and too low far beyond.
	Targets, Hosts, Ports uint64
}

// Flows returns the conversations that keep wants, all when it is nil, judged as of now. The worker is held up for the copying of a few
// at a time only; each is of one moment, not all of them of the same.
func (t *Tracker) Flows(now time.Time, keep func(*Flow) bool) []Flow {
	j := t.judgement(now)
	var copied slab
	var flows []Flow
	for i := 0; ; i++ {
		n := t.copySlab(i, &copied, j)
		if n == 0 {
			return flows
		}
		for k := range n {
			f := j.flow(&copied.hot[k], &copied.cold[k])
			if keep == nil || keep(&f) {
				flows = append(flows, f)
			}
		}
	}
}

// copySlab copies a few conversations, and the watchpoints again if there are more by now.
func (t *Tracker) copySlab(i int, to *slab, j *judgement) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(j.points) != len(t.points.list) {
		j.points, j.streams = slices.Clone(t.points.list), t.points.copyStreams()
	}
	n = min(t.table.used-i*slabLen, slabLen)
	if n <= 0 {
		return 0
	}
	copy(to.hot[:n], t.table.slabs[i].hot[:n])
	copy(to.cold[:n], t.table.slabs[i].cold[:n])
	return n
}

// judgement copies what conversations are judged by.
func (t *Tracker) judgement(now time.Time) *judgement {
	j := &judgement{config: t.config, now: now.UnixNano(), scanning: map[address]bool{}}
	t.mu.Lock()
	j.points, j.streams, j.losses = slices.Clone(t.points.list), t.points.copyStreams(), t.losses
	for i := range t.scanners.list {
		if a := &t.scanners.list[i]; t.scans(a, j.now) {
			j.scanning[a.addr] = true
		}
	}
	t.mu.Unlock()
	j.ways = t.ways()
	return j
}

// scans reports whether a is a scanner. A mirror that shows part of the packets shows too few answers.
func (t *Tracker) scans(a *scanner, now int64) bool {
	return t.config.Sampling == 1 && a.recognise(now)
}

// ways finds the conversations seen one way only, and which ways they were seen in any VLAN.
func (t *Tracker) ways() map[key]uint8 {
	ways := map[key]uint8{}
	t.each(func(e *entry, d *details) {
		if bits := e.ways(); bits != 3 {
			ways[d.key.pathless()] |= bits
		}
	})
	if len(ways) == 0 {
		return ways
	}
	t.each(func(e *entry, d *details) {
		k := d.key.pathless()
		if was, ok := ways[k]; ok {
			ways[k] = was | e.ways()
		}
	})
	return ways
}

func (e *entry) ways() (bits uint8) {
	for side := range e.near {
		if e.near[side].packets > 0 {
			bits |= 1 << side
		}
	}
	return bits
}

// each calls f with every entry, a few under one lock.
func (t *Tracker) each(f func(*entry, *details)) {
	for i := 0; ; i += slabLen {
		t.mu.Lock()
		end := min(t.table.used, i+slabLen)
		for n := i; n < end; n++ {
			f(t.table.at(n))
		}
		t.mu.Unlock()
		if end < i+slabLen {
			return
		}
	}
}

// Totals returns the counters.
func (t *Tracker) Totals() Totals {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.totals
	c.Flows, c.Evicted = uint64(t.table.used), t.table.evict
	return c
}

// Scans returns the port scans that are recognised as of now, those with most attempts first.
func (t *Tracker) Scans(now time.Time) []Scan {
	t.mu.Lock()
	defer t.mu.Unlock()
	var scans []Scan
	for i := range t.scanners.list {
		a := &t.scanners.list[i]
		if !t.scans(a, now.UnixNano()) {
			continue
		}
		scans = append(scans, Scan{
			From: a.addr.netip(), Since: time.Unix(0, a.recognised), First: time.Unix(0, a.first), Last: time.Unix(0, a.last),
			Attempts: a.attempts, Answered: a.answered, Refused: a.refused,
			Targets: estimate(a.targets[:]), Hosts: estimate(a.hosts[:]), Ports: estimate(a.ports[:]),
		})
	}
	slices.SortFunc(scans, func(a, b Scan) int { return int(min(b.Attempts, 1<<40)) - int(min(a.Attempts, 1<<40)) })
	return scans
}

// Talkers returns who talks most: the conversations kept now exactly, those that made room for others by a sketch.
func (t *Tracker) Talkers() talkers.View {
	t.mu.Lock()
	sum := t.talkers.Clone()
	t.mu.Unlock()
	t.each(func(e *entry, d *details) { sum.Add(e.edge(d)) })
	return sum.View()
}

// flow is the conversation e, judged.
func (j *judgement) flow(e *entry, d *details) Flow {
	f := Flow{
		Protocol: d.key.protocol(), VLAN: d.key.vlan(), Began: e.initiator != 0, State: e.state,
		First: time.Unix(0, d.first), Last: time.Unix(0, e.last), sideA: j.sideA(e, d),
	}
	f.A = End{d.key.ends[f.sideA].netip(), d.key.port(f.sideA)}
	f.B = End{d.key.ends[1-f.sideA].netip(), d.key.port(1 - f.sideA)}
	w := wholeOf(e, d)
	f.AToB, f.BToA = j.way(w, d, f.sideA), j.way(w, d, 1-f.sideA)
	if d.ackAt > d.synAt && d.synAt != 0 && d.syns == 1 && d.synAcks == 1 {
		f.HandshakeRTT = time.Duration(d.ackAt - d.synAt)
	}
	f.MirrorLost = j.mirrorLost(w)
	j.judge(w, d, &f)
	return f
}

func (j *judgement) sideA(e *entry, d *details) int {
	if e.initiator != 0 {
		return int(e.initiator) - 1
	}
	return int(d.beganBy)
}

func (j *judgement) way(e *whole, d *details, side int) (w Way) {
	all := &e.sightings[side]
	w.Packets, w.Bytes = e.packets(d, side)
	w.Retransmissions = worst(all, func(g *sighting) uint32 { return g.repeats })
	w.OutOfOrder = worst(all, func(g *sighting) uint32 { return g.late })
	w.Copies = worst(all, func(g *sighting) uint32 { return g.copies })
	w.ZeroWindows = worst(all, func(g *sighting) uint32 { return g.zeroWindows })
	for i := range all {
		if g := &all[i]; g.packets > 0 {
			w.Seen = append(w.Seen, Seen{
				Watchpoint: j.points[g.point].Watchpoint, Packets: g.packets, Bytes: g.bytes,
				First: time.Unix(0, j.time(g.first)), Last: time.Unix(0, j.time(g.last)),
			})
		}
	}
	return w
}

// mirrorLost adds up what the mirrors lost between the first and the last packet that each showed of e; of the directions of one
// mirror, the one with more.
func (j *judgement) mirrorLost(e *whole) (n uint64) {
	var streams [2 * maxSightings]struct {
		stream uint16
		lost   uint64
	}
	used := 0
	for side := range e.sightings {
		for i := range e.sightings[side] {
			g := &e.sightings[side][i]
			if g.packets == 0 {
				continue
			}
			m, k := j.points[g.point].stream, 0
			for k < used && streams[k].stream != m {
				k++
			}
			used = max(used, k+1)
			streams[k].stream = m
			streams[k].lost = max(streams[k].lost, uint64(g.lost-g.lostAtFirst))
		}
	}
	for _, s := range streams[:used] {
		n += s.lost
	}
	return n
}
