package journal

import (
	"errors"
	"fmt"
	"sync"

	"github.com/vspan-io/vspan/mirror"
)

// The errors of a Journal, wrapped with what was attempted.
var (
	// ErrFull: there is no room on the disk. The error wraps what the system says, too.
	ErrFull = errors.New("the disk is full: make room, and the journal goes on by itself")
	// ErrNewer: the directory was written by a newer vspan.
	ErrNewer = errors.New("the journal is of a newer vspan: use that, or another directory")
	// ErrInUse: another process has the directory.
	ErrInUse = errors.New("the journal is in use by another process")
	// ErrClosed: the journal was closed.
	ErrClosed = errors.New("the journal is closed")
)

// Journal is a history. All methods may be called concurrently.
type Journal struct {
	writing sync.Mutex // held by whoever writes a batch
	disk    *disk      // guarded by writing; nil when nothing is kept on disk

	mu      sync.Mutex // guards what follows; may be taken while writing is held, not the other way round
	seq     uint64     // of the newest event
	pending *batch     // what the next who writes takes along; nil when there is none
	index   *index
	changed chan struct{} // closed and replaced when there are new events or the journal is closed
	closed  bool
	err     error // of the newest write
	counts  Counts
}

// Counts are what has happened to a journal since it was opened.
type Counts struct {
	Durable   uint64 // events that are on disk
	Volatile  uint64 // events that are in memory alone, because writing them failed
	Syncs     uint64 // of a segment; several appends may share one
	Torn      uint64 // unfinished last lines, cut off at opening
	Damaged   uint64 // lines that could not be read at opening
	Dropped   uint64 // segments that were dropped
	Evicted   uint64 // events that were pushed out of memory
	Forgotten uint64 // sessions that were pushed out of memory
	Lost      uint64 // events that a watcher was too slow for
}

// Open opens the journal in a directory, which is made when it is not there, and reads it. With dir "" the history is kept in
// memory alone. A line that is damaged is skipped and counted. When the error wraps ErrNewer or ErrInUse nothing was changed.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	j := &Journal{index: newIndex(o), changed: make(chan struct{})}
	if dir == "" {
		return j, nil
	}
	d, err := openDisk(dir, o)
	if err != nil {
		return nil, fmt.Errorf("open the journal in %q: %w", dir, err)
	}
	j.disk = d
	found, err := d.load(func(e Entry) {
		if e.Seq > j.seq { // what was carried over, and was not dropped yet where it stood, comes twice
			j.seq = e.Seq
			j.index.add(e)
		}
	})
	if err == nil {
		err = d.mend(found)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read the journal in %q: %w", dir, err), d.close())
	}
	j.counts.Torn, j.counts.Damaged = found.torn, found.damaged
	return j, nil
}

// Close ends all watching and releases the directory. What was appended is on disk already.
func (j *Journal) Close() error {
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	wasClosed := j.closed
	j.closed = true
	j.announce()
	j.mu.Unlock()
	if wasClosed || j.disk == nil {
		return nil
	}
	if err := j.disk.close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}

// batch are the events that are written together.
type batch struct {
	entries []Entry
	err     error // of the write, known when it is done; guarded by Journal.writing
}

// Append adds events to the history, in their order, and returns when they are on disk. When that fails the events are in memory
// all the same, and the error says why they will not be there after a restart; it wraps ErrFull when there is no room. The next
// call tries anew. What is too long in an event is cut, visibly.
func (j *Journal) Append(events ...mirror.Event) error {
	if len(events) == 0 {
		return nil
	}
	b, err := j.join(events)
	if err != nil {
		return err
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if j.take(b) {
		j.commit(b)
	} // or somebody else wrote it with his own
	return b.err
}

// join gives the events their numbers and puts them into the batch that is written next.
func (j *Journal) join(events []mirror.Event) (*batch, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, fmt.Errorf("append to the journal: %w", ErrClosed)
	}
	if j.pending == nil {
		j.pending = new(batch)
	}
	for _, e := range events {
		j.seq++
		j.pending.entries = append(j.pending.entries, Entry{j.seq, bounded(e)})
	}
	return j.pending, nil
}

// take reports whether the batch is still to be written, and takes it; the caller holds writing.
func (j *Journal) take(b *batch) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.pending != b {
		return false
	}
	j.pending = nil
	if j.closed {
		b.err = fmt.Errorf("append to the journal: %w", ErrClosed)
		return false
	}
	return true
}

// commit writes a batch and takes it into the index; the caller holds writing.
func (j *Journal) commit(b *batch) {
	if j.disk != nil {
		if b.err = j.disk.append(b.entries); b.err != nil {
			b.err = fmt.Errorf("append to the journal: %w", b.err)
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settle(b.err)
	switch n := uint64(len(b.entries)); {
	case b.err != nil:
		j.counts.Volatile += n
	case j.disk != nil:
		j.counts.Durable += n
	}
	for _, e := range b.entries {
		j.index.add(e)
	}
	j.announce()
}

// settle notes how a write went; the caller holds writing and mu.
func (j *Journal) settle(err error) {
	j.err = err
	if j.disk != nil {
		j.counts.Syncs, j.counts.Dropped = j.disk.syncs, j.disk.dropped
	}
}

// announce wakes those who wait for events; the caller holds mu.
func (j *Journal) announce() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// Err is why the newest write failed; nil when it did not.
func (j *Journal) Err() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// Check is Err after another try: when the newest write failed it finds out whether one would succeed now. Whoever changes
// nothing as long as there is no journal must call it, because without a change there is no other write.
func (j *Journal) Check() error {
	if j.Err() == nil {
		return nil
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	j.mu.Lock()
	closed := j.closed
	j.mu.Unlock()
	if closed {
		return fmt.Errorf("try the journal: %w", ErrClosed)
	}
	err := j.disk.try()
	if err != nil {
		err = fmt.Errorf("try the journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.settle(err)
	return err
}

// Counts returns the counters.
func (j *Journal) Counts() Counts {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.counts
	c.Evicted, c.Forgotten = j.index.evicted, j.index.forgotten
	return c
}
