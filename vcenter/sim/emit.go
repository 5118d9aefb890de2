package sim

import (
	"fmt"
	"net/netip"
)

// emitter is where mirror packets go.
type emitter interface {
	// open gets ready; close undoes it.
	open() error
	close()
	// reaches tells whether packets to the address can be sent. It is asked
	// about loopback addresses only.
	reaches(to netip.Addr) bool
	// send sends one outer IP packet, header included.
	send(packet []byte, to netip.Addr) error
	// describe says in a few words where packets go.
	describe() string
}

// chooseEmitter picks what the options and the process's rights allow.
func chooseEmitter(o Options) (emitter, error) {
	switch o.Emit {
	case EmitOff:
		return nowhere{"nowhere: emitting is off"}, nil
	case EmitMemory:
		return memory{o.Memory, "in memory"}, nil
	}
	socket := newRawSocket()
	err := socket.open()
	if err == nil {
		socket.close()
		return socket, nil
	}
	if o.Emit == EmitSocket {
		return nil, fmt.Errorf("simulator: hosts cannot send: %w", err)
	}
	if o.Memory != nil {
		return memory{o.Memory, "in memory: this process may not open a raw socket"}, nil
	}
	return nowhere{"nowhere: this process may not open a raw socket"}, nil
}

// EmitDescription says in a few words where mirror packets go.
func (s *Simulator) EmitDescription() string { return s.emitter.describe() }

// memory hands packets to a function.
type memory struct {
	take func([]byte)
	text string
}

func (memory) open() error             { return nil }
func (memory) close()                  {}
func (memory) reaches(netip.Addr) bool { return true }
func (m memory) describe() string      { return m.text }
func (m memory) send(packet []byte, _ netip.Addr) error {
	m.take(packet)
	return nil
}

// nowhere reaches nobody.
type nowhere struct{ text string }

func (nowhere) open() error                   { return nil }
func (nowhere) close()                        {}
func (nowhere) reaches(netip.Addr) bool       { return false }
func (nowhere) send([]byte, netip.Addr) error { return nil }
func (n nowhere) describe() string            { return n.text }
