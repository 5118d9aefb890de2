package traffic

import (
	"bytes"

	"github.com/gopacket/gopacket/layers"
)

// call is a TCP connection that stays.
type call struct {
	from, to       int // endpoints; to 0 is a server in the world
	client, server *tcp
}

// Bytes of a request and of its answer.
const (
	callRequest = 200
	callAnswer  = 600
)

// Call begins a connection between two endpoints, or with 0 to a server in the world, that goes on at every step at which both are members.
func (e *Engine) Call(from, to int) { e.calls = append(e.calls, &call{from: from, to: to}) }

// advanceCalls is one request and one answer of every connection that stays.
func (e *Engine) advanceCalls(members []Endpoint, present map[int]bool) (frames []Frame) {
	for _, c := range e.calls {
		if !present[c.from] || c.to != 0 && !present[c.to] {
			continue
		}
		w := &wire{engine: e, members: members}
		if c.client == nil {
			c.open(w)
		}
		w.segment(c.client, c.server, layers.TCP{ACK: true, PSH: true}, bytes.Repeat([]byte{'?'}, callRequest))
		w.segment(c.server, c.client, layers.TCP{ACK: true, PSH: true}, bytes.Repeat([]byte{'!'}, callAnswer))
		frames = append(frames, w.frames...)
	}
	return frames
}

// callPort is where connections that stay go to; nothing else does.
const callPort = 8443

// open is the handshake.
func (c *call) open(w *wire) {
	c.client = &tcp{end: w.member(c.from), port: w.ephemeral(), next: w.engine.rng.Uint32()}
	c.server = &tcp{end: w.member(c.to), port: callPort, next: w.engine.rng.Uint32()}
	w.segment(c.client, c.server, layers.TCP{SYN: true}, nil)
	w.segment(c.server, c.client, layers.TCP{SYN: true, ACK: true}, nil)
	w.segment(c.client, c.server, layers.TCP{ACK: true}, nil)
}

// member is the one with this number, the world for none.
func (w *wire) member(id int) Endpoint {
	for _, m := range w.members {
		if m.ID == id {
			return m
		}
	}
	return world
}
