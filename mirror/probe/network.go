package probe

import (
	"context"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Network carries probes to guests. All methods may be called from any goroutine.
type Network interface {
	// Open gets ready to probe one guest. It sends nothing.
	Open(m Method, to Guest) (Line, error)
}

// Guest is where a probe goes.
type Guest struct {
	Address netip.Addr
	MAC     frame.MAC // zero when it is not known
}

// Line goes to one guest. Send and Receive may be called beside each other, each by one goroutine.
type Line interface {
	// Send sends one packet with the nonce.
	Send(n Nonce, sequence uint16) error
	// Receive waits for the next answer of the guest. Its nonce is zero where the answer says of no packet that it is the one that is
	// answered. It returns an error when ctx ends, or when nothing more can come.
	Receive(ctx context.Context) (Nonce, error)
	Close() error
}
