package capture

import "sync/atomic"

// Feed is where one worker of the packet path offers frames. It belongs to one goroutine at a time.
type Feed struct {
	board  *atomic.Pointer[board]
	worker int
	dirty  []*lane // what was put into since the last flush
}

// Wanted reports whether anybody subscribes: one atomic load. Without that there is no need to offer anything.
func (f *Feed) Wanted() bool { return f.board.Load() != nil }

// Offer copies a packet for those who want it, if any. It does not block and in steady state does not allocate; o is read during the
// call only. What belongs to no session is nobody's.
func (f *Feed) Offer(o *Original) {
	b := f.board.Load()
	if b == nil || o.UID == "" {
		return
	}
	r := &b.routes[f.worker]
	one := r.bySession[o.UID]
	if len(r.all)+len(one) == 0 {
		return
	}
	var c content
	for _, l := range r.all {
		f.put(l, o, &c)
	}
	for _, l := range one {
		f.put(l, o, &c)
	}
}

// put copies o into a buffer that has room for it. What o carries is found out for the first that has.
func (f *Feed) put(l *lane, o *Original, c *content) {
	if !l.dirty {
		l.dirty = true
		l.begin()
		f.dirty = append(f.dirty, l)
	}
	if at, ok := l.reserve(o); ok && c.of(o) {
		l.put(at, o, c)
	}
}

// Flush lets the subscribers read what was offered since the last flush: at the end of a batch, and before the worker waits.
func (f *Feed) Flush() {
	if len(f.dirty) == 0 {
		return
	}
	for _, l := range f.dirty {
		l.dirty = false
		l.flush()
	}
	clear(f.dirty)
	f.dirty = f.dirty[:0]
}
