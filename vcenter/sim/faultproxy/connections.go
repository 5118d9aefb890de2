package faultproxy

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// connections are those of clients.
type connections struct {
	served sync.WaitGroup // of those that were accepted

	mu   sync.Mutex
	down bool
	open map[*connection]bool
}

// connection is one client's. It can be reset.
type connection struct {
	*net.TCPConn
	of *connections
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.TCPConn.Close()
}

// reset ends the connection by a TCP RST; what was not sent yet is lost.
func (c *connection) reset() {
	_ = c.SetLinger(0) // fails on a connection that is gone already, which is as good
	_ = c.Close()
}

// add is false while new connections are refused.
func (s *connections) add(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return false
	}
	if s.open == nil {
		s.open = make(map[*connection]bool)
	}
	s.open[c] = true
	s.served.Add(1)
	return true
}

func (s *connections) refuse(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// cut resets all there are.
func (s *connections) cut() {
	s.mu.Lock()
	all := make([]*connection, 0, len(s.open))
	for c := range s.open {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.reset()
	}
}

// follow is told by the HTTP server when it is done with a connection, which is after the last handler of it has returned.
func (s *connections) follow(_ net.Conn, state http.ConnState) {
	if state == http.StateClosed {
		s.served.Done()
	}
}

// listening accepts connections that can be reset, or resets them at once.
type listening struct {
	net.Listener
	conns *connections
}

// Accept implements net.Listener.
func (l *listening) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &connection{TCPConn: accepted.(*net.TCPConn), of: l.conns}
		if l.conns.add(c) {
			return c, nil
		}
		c.reset()
	}
}

type connectionKey struct{}

// withConnection lets a handler find the connection that its request came by.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c.(*tls.Conn).NetConn())
}

// abort resets the connection that a request came by, and does not return.
func abort(r *http.Request) {
	r.Context().Value(connectionKey{}).(*connection).reset()
	panic(http.ErrAbortHandler)
}
