package reconcile_test

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/vspan-io/vspan/mirror/store"
)

// election is what candidates stand for; the test says who loses and who may not win.
type election struct {
	mu      sync.Mutex
	terms   map[string]*term // by key
	barred  map[string]bool  // candidates that do not win
	won     []string         // the winners of switches, in order
	changed chan struct{}
}

func newElection() *election {
	return &election{terms: make(map[string]*term), barred: make(map[string]bool), changed: make(chan struct{})}
}

// candidate is the Writers of one daemon.
type candidate struct {
	*election
	name string
}

// term is a Tenure.
type term struct {
	e           *election
	key, holder string
	lost        chan struct{}
	over        bool
}

func (c candidate) Campaign(ctx context.Context, key string) (store.Tenure, error) {
	for {
		c.mu.Lock()
		if c.terms[key] == nil && !c.barred[c.name] {
			t := &term{e: c.election, key: key, holder: c.name, lost: make(chan struct{})}
			c.terms[key] = t
			if key != "records" {
				c.won = append(c.won, c.name)
			}
			c.mu.Unlock()
			return t, nil
		}
		changed := c.changed
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (e *election) Writer(_ context.Context, key string) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t := e.terms[key]; t != nil {
		return t.holder, nil
	}
	return "", nil
}

func (t *term) Lost() <-chan struct{} { return t.lost }

func (t *term) Confirm(context.Context) error {
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	if t.over {
		return store.ErrNotWriter
	}
	return nil
}

func (t *term) Resign(context.Context) error {
	t.e.mu.Lock()
	defer t.e.mu.Unlock()
	t.end()
	return nil
}

// end makes room for the next; the caller holds mu.
func (t *term) end() {
	if t.over {
		return
	}
	t.over = true
	delete(t.e.terms, t.key)
	t.e.stir()
}

// stir has everybody look again; the caller holds mu.
func (e *election) stir() {
	close(e.changed)
	e.changed = make(chan struct{})
}

// depose ends what a candidate won and bars it; tell it with tell, which who is paused does not hear in time.
func (e *election) depose(name string) (tell func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.barred[name] = true
	var ended []*term
	for _, t := range slices.Collect(maps.Values(e.terms)) {
		if t.holder == name {
			t.end()
			ended = append(ended, t)
		}
	}
	return func() {
		for _, t := range ended {
			close(t.lost)
		}
	}
}

func (e *election) pardon(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.barred, name)
	e.stir()
}

func (e *election) winners() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.won)
}
