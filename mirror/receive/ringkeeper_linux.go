//go:build !client

package receive

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/mirror/beat"
)

// keepEvery is how often the interfaces are looked at. The kernel tells a packet
// socket that its interface went down and, if it is removed later, no more. An
// interface that has become a port is seen twice for up to twice that long.
const keepEvery = time.Second

// keep looks after the interfaces until ctx ends or the one listened on is gone.
// It is in the goroutine of Run and not a worker's, because programs are attached
// in the network namespace of the thread.
func (r *Ring) keep(ctx context.Context) error {
	timer := time.NewTimer(beat.Until(time.Now(), keepEvery))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(beat.Until(time.Now(), keepEvery))
			if err := r.links.exists(r.index); err != nil {
				return err
			}
			r.scene.settle()
		case <-r.scene.news:
		}
		r.mu.Lock()
		r.follow()
		r.mu.Unlock()
	}
}

// follow adapts to the interfaces there are. Where the kernel does not say, what
// was known goes on: rather a packet twice than none. For the same reason packets
// cease to be dropped behind a port before they cease to be taken there, by a time
// in which all that was dropped there until then is read. The lock is held.
func (r *Ring) follow() {
	if r.index != 0 && r.behind == nil {
		return
	}
	t, err := r.links.read()
	if err != nil {
		return
	}
	where := r.scene.where(t)
	if r.index != 0 { // it is taken there, port or not
		where, t.ports = map[int]bool{r.index: true}, nil
	}
	r.behind.follow(t, where)
	r.scene.follow(t.ports)
}
