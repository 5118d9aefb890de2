// Package traffic makes virtual machines talk: ARP, DNS, ICMP echo and HTTP
// with real headers, checksums and sequence numbers. It does no IO and knows no
// clock; the same seed and the same members give the same frames.
package traffic

import (
	"math/rand/v2"
	"net"
	"net/netip"
)

// Endpoint is a network adapter that takes part.
type Endpoint struct {
	ID      int // greater than 0, never reused
	Name    string
	MAC     net.HardwareAddr
	IP      netip.Addr // IPv4
	IP6     netip.Addr // IPv6, which no conversation of its own uses
	VLAN    uint16     // broadcast domain; frames carry no tag
	Gateway netip.Addr // router of that domain
}

// Frame is one Ethernet frame, without tag and FCS, as it crosses the switch.
type Frame struct {
	From int   // the endpoint that sent it, 0 for the world beyond the router
	To   []int // the endpoints that receive it, none if it leaves through the router
	Data []byte
}

const (
	framesPerTurn = 2  // frames an endpoint's conversation advances each step
	framesPerStep = 96 // bound on the frames of one step, however many members
)

// Engine is the conversation model. It is not safe for concurrent use.
type Engine struct {
	rng    *rand.Rand
	talks  map[int]*talk // by the endpoint that began it
	first  int           // member whose turn comes first
	ipID   map[int]uint16
	rounds map[int]int
	calls  []*call
}

// talk is what is left of one conversation.
type talk struct {
	frames []Frame
}

// New is an engine for this seed.
func New(seed int64) *Engine {
	return &Engine{
		rng:    rand.New(rand.NewPCG(uint64(seed), 0x7673_7061_6e)),
		talks:  make(map[int]*talk),
		ipID:   make(map[int]uint16),
		rounds: make(map[int]int),
	}
}

// Step advances every conversation and returns the frames in the order they
// crossed the switch. Members are those that move traffic now, in a stable
// order; conversations with anybody else break off.
func (e *Engine) Step(members []Endpoint) []Frame {
	present := make(map[int]bool, len(members))
	for _, m := range members {
		present[m.ID] = true
	}
	for id := range e.talks {
		if !present[id] {
			e.forget(id)
		}
	}
	out := e.advanceCalls(members, present)
	for i := range members {
		if len(out) >= framesPerStep {
			e.first = (e.first + i) % len(members)
			return out
		}
		out = e.turn(out, members, (e.first+i)%len(members), present)
	}
	return out
}

// forget drops everything about an endpoint that left.
func (e *Engine) forget(id int) {
	delete(e.talks, id)
	delete(e.ipID, id)
	delete(e.rounds, id)
}

// turn advances the conversation of member i.
func (e *Engine) turn(out []Frame, members []Endpoint, i int, present map[int]bool) []Frame {
	self := members[i]
	t := e.talks[self.ID]
	for range framesPerTurn {
		if t == nil || len(t.frames) == 0 {
			t = &talk{frames: e.converse(members, i)}
			e.talks[self.ID] = t
		}
		f, whole := trim(t.frames[0], present)
		if !whole { // the other side is gone
			t.frames = nil
			continue
		}
		t.frames = t.frames[1:]
		out = append(out, f)
	}
	return out
}

// trim takes receivers that are gone out of the frame. It tells whether the
// frame still has the sender and, unless it leaves through the router, a
// receiver.
func trim(f Frame, present map[int]bool) (Frame, bool) {
	if f.From != 0 && !present[f.From] {
		return f, false
	}
	if len(f.To) == 0 {
		return f, true
	}
	kept := make([]int, 0, len(f.To))
	for _, id := range f.To {
		if present[id] {
			kept = append(kept, id)
		}
	}
	broadcast := f.Data[0]&1 == 1
	f.To = kept
	return f, broadcast || len(kept) > 0
}

// converse plans the next conversation of member i: in turns it resolves a
// neighbour, asks for a name, fetches a page and pings.
func (e *Engine) converse(members []Endpoint, i int) []Frame {
	self := members[i]
	round := e.rounds[self.ID]
	e.rounds[self.ID]++
	peer := e.peer(members, i)
	w := &wire{engine: e, members: members}
	switch round % 4 {
	case 0:
		w.arp(self, peer)
	case 1:
		w.dns(self, peer)
	case 2:
		w.http(self, peer)
	default:
		w.ping(self, peer)
	}
	return w.frames
}

// peer picks somebody to talk to: another member, or a server in the world
// when there is none.
func (e *Engine) peer(members []Endpoint, i int) Endpoint {
	if len(members) < 2 {
		return world
	}
	j := e.rng.IntN(len(members) - 1)
	if j >= i {
		j++
	}
	return members[j]
}

// world stands for everything beyond the router (RFC 5737 documentation range).
var world = Endpoint{Name: "www", IP: netip.AddrFrom4([4]byte{203, 0, 113, 80})}
