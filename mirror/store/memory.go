package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/vspan-io/vspan/mirror"
)

// remembered is how many of the newest changes a Memory keeps for watchers that begin late or read slowly.
const remembered = 4096

// Memory is a Store that lives as long as the process. All methods may be called concurrently.
type Memory struct {
	mu       sync.Mutex
	sessions map[string]mirror.Session // by name
	buried   map[string]bool           // UIDs of removed sessions; for the length of the process
	revision int64                     // of the newest change, from 1
	noted    int64                     // revision of the newest Note
	events   []Event                   // the newest changes, oldest first; their revisions have no gaps and end with revision
	changed  chan struct{}             // closed and replaced with every change
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{sessions: make(map[string]mirror.Session), buried: make(map[string]bool), changed: make(chan struct{})}
}

// Get returns one session, tombstones included; ErrNotFound when there is none.
func (m *Memory) Get(_ context.Context, name string) (mirror.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[name]
	if !ok {
		return mirror.Session{}, fmt.Errorf("get session %q: %w", name, ErrNotFound)
	}
	return s.Clone(), nil
}

// List returns every session, ordered by name, and the revision of the store they were read at.
func (m *Memory) List(context.Context) ([]mirror.Session, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]mirror.Session, 0, len(m.sessions))
	for s := range maps.Values(m.sessions) {
		all = append(all, s.Clone())
	}
	slices.SortFunc(all, func(a, b mirror.Session) int { return strings.Compare(a.Name, b.Name) })
	return all, m.revision, nil
}

// Create stores a session that must not exist yet (ErrExists) and returns it with its Revision.
func (m *Memory) Create(_ context.Context, s mirror.Session) (mirror.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.sessions[s.Name]; there {
		return mirror.Session{}, fmt.Errorf("create session %q: %w", s.Name, ErrExists)
	}
	return m.put(s), nil
}

// Update replaces the session of s.Name if its revision is still s.Revision, else ErrConflict; ErrNotFound when there is none.
func (m *Memory) Update(_ context.Context, s mirror.Session) (mirror.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("update", s.Name, s.Revision); err != nil {
		return mirror.Session{}, err
	}
	return m.put(s), nil
}

// Note updates the notes of sessions, all or none: see Store.
func (m *Memory) Note(_ context.Context, sessions []mirror.Session, since int64) ([]mirror.Session, error) {
	switch {
	case len(sessions) == 0:
		return nil, nil
	case len(sessions) > MaxNotes:
		return nil, fmt.Errorf("note %d sessions: at most %d at a time", len(sessions), MaxNotes)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.noted > since {
		return nil, fmt.Errorf("note %d sessions: %w: something was noted at revision %d, after %d", len(sessions), ErrConflict, m.noted, since)
	}
	for _, s := range sessions {
		if err := m.check("note", s.Name, s.Revision); err != nil {
			return nil, err
		}
	}
	stored := make([]mirror.Session, 0, len(sessions))
	for _, s := range sessions {
		stored = append(stored, m.put(s))
		m.noted = m.revision
	}
	return stored, nil
}

// Remove forgets a session if its revision is still revision, else ErrConflict; ErrNotFound when there is none.
func (m *Memory) Remove(_ context.Context, name string, revision int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.check("remove", name, revision); err != nil {
		return err
	}
	last := m.sessions[name]
	delete(m.sessions, name)
	m.buried[last.UID] = true
	m.record(Event{Session: last, Removed: true})
	return nil
}

// Buried reports which UIDs are of sessions that were removed.
func (m *Memory) Buried(_ context.Context, uids []string) (map[string]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	buried := make(map[string]bool)
	for _, uid := range uids {
		if m.buried[uid] {
			buried[uid] = true
		}
	}
	return buried, nil
}

// Damaged lists nothing: memory holds no records.
func (*Memory) Damaged(context.Context) ([]Damage, error) { return nil, nil }

// Mend finds nothing to mend.
func (*Memory) Mend(_ context.Context, s mirror.Session, _ int64) (mirror.Session, error) {
	return mirror.Session{}, fmt.Errorf("mend session %q: %w: it is not damaged", s.Name, ErrConflict)
}

// Discard finds nothing to discard.
func (*Memory) Discard(_ context.Context, name string, _ int64) error {
	return fmt.Errorf("discard session %q: %w: it is not damaged", name, ErrConflict)
}

// check is the compare of compare and swap; the caller holds mu.
func (m *Memory) check(verb, name string, revision int64) error {
	s, ok := m.sessions[name]
	switch {
	case !ok:
		return fmt.Errorf("%s session %q: %w", verb, name, ErrNotFound)
	case s.Revision != revision:
		return fmt.Errorf("%s session %q: %w: its revision is %d, not %d", verb, name, ErrConflict, s.Revision, revision)
	default:
		return nil
	}
}

// put stores a copy of s under the next revision; the caller holds mu.
func (m *Memory) put(s mirror.Session) mirror.Session {
	s = s.Clone()
	s.Revision = m.revision + 1
	m.sessions[s.Name] = s
	m.record(Event{Session: s})
	return s.Clone()
}

// record makes e the newest change; the caller holds mu.
func (m *Memory) record(e Event) {
	m.revision++
	e.Revision = m.revision
	if len(m.events) == remembered {
		m.events = slices.Delete(m.events, 0, remembered/2) // half at a time, so that each change costs the same on average
	}
	m.events = append(m.events, e)
	close(m.changed)
	m.changed = make(chan struct{})
}

// Watch sends every change after the given revision. The channel is closed when ctx ends, and when the changes that come next are
// no longer remembered. The goroutine behind it ends when the channel is closed.
func (m *Memory) Watch(ctx context.Context, after int64) (<-chan Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("watch sessions after revision %d: %w", after, err)
	}
	events := make(chan Event)
	go m.feed(ctx, after, events)
	return events, nil
}

func (m *Memory) feed(ctx context.Context, after int64, to chan<- Event) {
	defer close(to)
	for {
		next, changed, ok := m.after(after)
		if !ok {
			return
		}
		for _, e := range next {
			e.Session = e.Session.Clone()
			select {
			case to <- e:
				after = e.Revision
			case <-ctx.Done():
				return
			}
		}
		if len(next) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// batch bounds how many changes a watcher takes at a time, so that one that falls behind is found out.
const batch = 64

// after returns some of the changes that follow a revision, and a channel that is closed with the next one to come; ok is false
// when the changes that follow are not remembered, or the revision is not of this store.
func (m *Memory) after(revision int64) (next []Event, changed <-chan struct{}, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	missing := m.revision - revision
	if missing < 0 || missing > int64(len(m.events)) {
		return nil, nil, false
	}
	newer := m.events[len(m.events)-int(missing):]
	return slices.Clone(newer[:min(len(newer), batch)]), m.changed, true
}
