package journal

import (
	"context"
	"fmt"
)

// Of returns what is kept in memory of the session of that UID, the newest first; at most limit events unless that is 0. "" has
// what belongs to no session.
func (j *Journal) Of(uid string, limit int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.of(uid, limit)
}

// Since returns what is kept in memory of all that came after a number, the oldest first; at most limit events unless that is 0.
// A number that was not given yet is of another history: then everything is returned.
func (j *Journal) Since(after uint64, limit int) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.since(j.known(after), limit)
}

// Last returns the number of the newest event; 0 when there is none.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq
}

// known returns after, or 0 when it is of another history; the caller holds mu.
func (j *Journal) known(after uint64) uint64 {
	if after > j.seq {
		return 0
	}
	return after
}

// watchPage is how many events a watcher has in hand.
const watchPage = 64

// Watch sends what Since returns and then every event that comes, until ctx ends or the journal is closed; then the channel is
// closed. It holds nobody up: a reader who is slower than events are pushed out of memory misses some, which he sees by their
// numbers and Counts.Lost counts.
func (j *Journal) Watch(ctx context.Context, after uint64) (<-chan Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, fmt.Errorf("watch the journal: %w", ErrClosed)
	}
	w := &watcher{journal: j, after: j.known(after), live: j.seq}
	out := make(chan Entry)
	go func() {
		defer close(out)
		w.run(ctx, out)
	}()
	return out, nil
}

// watcher is one reader who is told of events.
type watcher struct {
	journal *Journal
	after   uint64 // of the newest event he was told of
	live    uint64 // of the newest event when he began: what is missing before was not lost by him
}

func (w *watcher) run(ctx context.Context, out chan<- Entry) {
	for ctx.Err() == nil {
		news, changed, closed := w.look()
		for _, e := range news {
			w.count(e)
			select {
			case out <- e:
				w.after = e.Seq
			case <-ctx.Done():
				return
			}
		}
		if closed {
			return
		}
		if len(news) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// look returns the next events, and when there are none what to wait for.
func (w *watcher) look() (news []Entry, changed <-chan struct{}, closed bool) {
	j := w.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.index.since(w.after, watchPage), j.changed, j.closed
}

// count notes the events between the one before and e.
func (w *watcher) count(e Entry) {
	if before := max(w.after, w.live); e.Seq > before+1 {
		w.journal.mu.Lock()
		w.journal.counts.Lost += e.Seq - before - 1
		w.journal.mu.Unlock()
	}
}
