package transcript

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/evidence"
)

// The bounds of what one worker's Packets keep.
const (
	LastPackets    = 32 // of each session, and of those that are no session's
	firstPackets   = 2  // of each exporter
	maxExporters   = 16 // of each session
	maxStrangers   = 64 // exporters of packets that are no session's
	maxSessions    = 1024
	notesOfSession = LastPackets // of each session in each round, so that a loud session does not hide a quiet one
	notesOfNobody  = 16
	notesPerRound  = 1024
	looksPerRound  = 2048
)

// Packets keeps some of the packets of one worker of the receiver. One goroutine calls Due, Look; any may call the other methods.
//
// Not every packet is looked at: Renew begins a round, in which so many are that looking costs the packet path nothing that could be
// measured. Where fewer packets come than that, all of them are seen.
type Packets struct {
	rounds atomic.Uint64 // that were begun

	round        uint64 // the one that is under way
	looks, notes int    // left of it
	payload      bool   // bytes of payload may be kept

	mu       sync.Mutex // the worker takes it at most notesPerRound times a round
	sessions map[string]*trail
}

// trail is what is kept of one session; "" is what is nobody's.
type trail struct {
	last     ring[Packet]
	firsts   map[netip.Addr][]First
	untold   bool // there were more exporters than are kept
	round    uint64
	notes    int
	newsOver uint64 // the round of the last packet
}

// First is one of the first packets of an exporter, with its first bytes.
type First struct {
	Packet
	Bytes   []byte // from the GRE header on
	Headers int    // bytes of these that are headers
}

// NewPackets returns an empty one. Bytes behind the headers are kept if payload says so.
func NewPackets(payload bool) *Packets {
	return &Packets{payload: payload, sessions: make(map[string]*trail)}
}

// Renew begins the next round.
func (p *Packets) Renew() { p.rounds.Add(1) }

// Due reports whether packets are still to be looked at in this round.
func (p *Packets) Due() bool {
	if r := p.rounds.Load(); r != p.round {
		p.round, p.looks, p.notes = r, looksPerRound, notesPerRound
	}
	return p.looks > 0 && p.notes > 0
}

// Look looks at a packet after Due, and keeps what is to be kept of it. a is read during the call only.
func (p *Packets) Look(a *evidence.Arrival, whose *evidence.Whose, gap uint32) {
	if p.looks <= 0 || p.notes <= 0 {
		return
	}
	p.looks--
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trailOf(whose.UID)
	if t.round != p.round {
		t.round, t.notes = p.round, notesOfSession
		if whose.UID == "" {
			t.notes = notesOfNobody
		}
	}
	if t.notes == 0 {
		return
	}
	t.notes--
	p.notes--
	t.newsOver = p.round
	packet, headers := read(a)
	packet.Whose, packet.Gap = *whose, gap
	t.last.add(packet, LastPackets)
	t.keepFirst(packet, a.Payload, headers, p.payload)
}

// trailOf finds the trail of a session, and makes room for a new one; p.mu is held.
func (p *Packets) trailOf(uid string) *trail {
	if t := p.sessions[uid]; t != nil {
		return t
	}
	if len(p.sessions) >= maxSessions {
		oldest, found := "", false
		for u, t := range p.sessions {
			if !found || t.newsOver < p.sessions[oldest].newsOver {
				oldest, found = u, true
			}
		}
		delete(p.sessions, oldest)
	}
	t := &trail{firsts: make(map[netip.Addr][]First)}
	p.sessions[uid] = t
	return t
}

func (t *trail) keepFirst(packet Packet, b []byte, headers int, payload bool) {
	have := t.firsts[packet.Exporter]
	limit := maxExporters
	if packet.Whose.UID == "" {
		limit = maxStrangers
	}
	switch {
	case len(have) == firstPackets:
		return
	case len(have) == 0 && len(t.firsts) == limit:
		t.untold = true
		return
	}
	kept := headers
	if payload {
		kept = len(b)
	}
	kept = min(kept, len(b), FirstBytes)
	t.firsts[packet.Exporter] = append(have, First{packet, bytes.Clone(b[:kept]), min(headers, kept)})
}

// Forget drops what is kept of a session that is no more.
func (p *Packets) Forget(uid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sessions, uid)
}

// Seen are the packets that were kept of a session, the oldest first. Of Firsts those of one exporter follow each other.
type Seen struct {
	Last   []Packet
	Firsts []First
	Untold bool // there were more exporters than are kept
}

// Of returns what several workers kept of a session, or with uid "" of what is nobody's.
func Of(uid string, workers ...*Packets) Seen {
	var s Seen
	for _, p := range workers {
		p.mu.Lock()
		if t := p.sessions[uid]; t != nil {
			s.Last = append(s.Last, t.last.all()...)
			s.Untold = s.Untold || t.untold
			for _, f := range t.firsts {
				s.Firsts = append(s.Firsts, f...)
			}
		}
		p.mu.Unlock()
	}
	slices.SortStableFunc(s.Last, func(a, b Packet) int { return a.At.Compare(b.At) })
	s.Last = s.Last[max(len(s.Last)-LastPackets, 0):]
	slices.SortStableFunc(s.Firsts, func(a, b First) int { return cmp.Or(a.Exporter.Compare(b.Exporter), a.At.Compare(b.At)) })
	s.Firsts = onlyFirst(s.Firsts)
	return s
}

// onlyFirst leaves of each exporter the first packets of all workers together.
func onlyFirst(list []First) []First {
	kept, n := list[:0], 0
	for _, f := range list {
		if n = n + 1; len(kept) == 0 || kept[len(kept)-1].Exporter != f.Exporter {
			n = 1
		}
		if n <= firstPackets {
			kept = append(kept, f)
		}
	}
	return kept
}
