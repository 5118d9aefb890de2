//go:build !linux

package sim

import (
	"errors"
	"net/netip"
)

// rawSocket is for Linux only: elsewhere 127.1.0.x is not a local address.
type rawSocket struct{}

var errNoRawSocket = errors.New("raw sockets are supported on Linux only")

func newRawSocket() *rawSocket                   { return &rawSocket{} }
func (*rawSocket) open() error                   { return errNoRawSocket }
func (*rawSocket) close()                        {}
func (*rawSocket) reaches(netip.Addr) bool       { return false }
func (*rawSocket) send([]byte, netip.Addr) error { return errNoRawSocket }
func (*rawSocket) describe() string              { return "nowhere: raw sockets are supported on Linux only" }
