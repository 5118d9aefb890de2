package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
)

// state is what the daemon remembers: what was asked for, who may change what, what happened, and its own name.
type state struct {
	store   store.Store
	writers store.Writers
	journal *journal.Journal
	history *history
	owner   string // this installation
}

// openState opens what the configuration says, and takes it for this process alone where it is a directory.
func openState(_ context.Context, c Config) (s *state, err error) {
	s = &state{store: store.NewMemory(), writers: store.Alone{}, owner: c.Installation}
	if s.owner == "" {
		if s.owner, err = installation(c.DataDir); err != nil {
			return nil, fmt.Errorf("the state: %w", err)
		}
	}
	records := ""
	if c.DataDir != "" {
		records = filepath.Join(c.DataDir, "journal")
	}
	if s.journal, err = journal.Open(records, journal.Options{}); err != nil {
		return nil, fmt.Errorf("the state: %w", err)
	}
	s.history = newHistory(s.journal, c.Log)
	return s, nil
}

// run keeps the state in order until ctx ends.
func (s *state) run(ctx context.Context) error { return s.history.run(ctx) }

func (s *state) close() error { return errors.Join(s.journal.Close()) }

// checks says how the state fares.
func (s *state) checks() []api.Check {
	check := api.Check{Name: "journal", OK: true, Message: "what is done is recorded before it is done"}
	if err := s.journal.Check(); err != nil {
		check.OK, check.Message = false, "no mirror is made or changed, only taken down: "+err.Error()
	}
	return []api.Check{check}
}

func (*state) describe() string { return "memory" }
