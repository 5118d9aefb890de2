//go:build !client

package receive

import (
	"fmt"
	"net"
	"time"
)

// presence looks from time to time whether the interface that is listened on
// still exists, which the kernel does not tell a raw socket.
type presence struct {
	index int // 0, all interfaces, never goes
	asked time.Time
}

// presenceFor is how long an answer holds.
const presenceFor = time.Second

// check says that the interface is gone, if it is.
func (p *presence) check(now time.Time) error {
	if p.index == 0 || now.Sub(p.asked) < presenceFor {
		return nil
	}
	p.asked = now
	return interfaceExists(p.index)
}

// interfaceExists says which interface is gone, if it is; 0 never goes.
func interfaceExists(index int) error {
	if index == 0 {
		return nil
	}
	if _, err := net.InterfaceByIndex(index); err != nil {
		return fmt.Errorf("the interface is gone: %w", err)
	}
	return nil
}
