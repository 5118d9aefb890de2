package daemon

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/store"
)

// state is what the daemon remembers: what was asked for, who may change what, and its own name.
type state struct {
	store   store.Store
	writers store.Writers
	owner   string // this installation
}

// openState opens what the configuration says, and takes it for this process alone where it is a directory.
func openState(_ context.Context, c Config) (*state, error) {
	owner := c.Installation
	if owner == "" {
		var err error
		if owner, err = installation(c.DataDir); err != nil {
			return nil, fmt.Errorf("the state: %w", err)
		}
	}
	return &state{store: store.NewMemory(), writers: store.Alone{}, owner: owner}, nil
}

// run keeps the state in order until ctx ends.
func (*state) run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func (*state) close() error { return nil }

// checks says how the state fares.
func (*state) checks() []api.Check { return nil }

func (*state) describe() string { return "memory" }
