package vcenter

import (
	"context"
	"sync"
)

// users counts who works within a login, so that it is ended after the last of them is gone: what a watch still tidies up must not
// meet the logout, in which govmomi's simulator locks itself up. The zero value is ready.
type users struct {
	mu     sync.Mutex
	n      int
	closed bool
	gone   chan struct{} // closed with the last of them; nil unless somebody waits
}

// enter is false when the login is about to end.
func (u *users) enter() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return false
	}
	u.n++
	return true
}

func (u *users) leave() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.gone != nil {
		close(u.gone)
		u.gone = nil
	}
}

// close lets nobody enter any more and waits, until ctx ends, for the last one to leave. It is called once.
func (u *users) close(ctx context.Context) {
	u.mu.Lock()
	u.closed = true
	if u.n == 0 {
		u.mu.Unlock()
		return
	}
	gone := make(chan struct{})
	u.gone = gone
	u.mu.Unlock()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}
