//go:build !client

package receive

import (
	"errors"
	"fmt"
	"sync"
)

// Silence keeps the kernel from answering mirrored packets with ICMP "protocol
// unreachable" (ICMPv6 "unrecognized next header"), which it does while nobody
// listens for protocol 47. It holds raw sockets whose filter drops everything
// before it is queued. It needs CAP_NET_RAW.
type Silence struct {
	mu       sync.Mutex
	sockets  []*rawSocket
	warnings []string
}

// NewSilence returns a Silence that is not open.
func NewSilence() *Silence { return &Silence{} }

// Open begins the silence. A second call does nothing.
func (s *Silence) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets != nil {
		return nil
	}
	var err error
	if s.sockets, s.warnings, err = openBothVersions(); err != nil {
		return fmt.Errorf("receive: silence: %w", err)
	}
	return nil
}

// Close ends the silence.
func (s *Silence) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, socket := range s.sockets {
		err = errors.Join(err, socket.close())
	}
	s.sockets = nil
	return err
}

var _ = []Source{(*Ring)(nil), (*Raw)(nil)}
