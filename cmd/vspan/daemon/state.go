package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/cmd/vspan/belated"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/etcd"
)

// state is what the daemon remembers: what was asked for, who may change what, what happened, and its own name.
type state struct {
	store   store.Store
	writers store.Writers
	etcd    *etcd.Store   // store and writers, where they are in etcd; nil: in memory
	member  *etcd.Cluster // what this daemon is in a cluster of daemons; nil: it is in none
	journal *journal.Journal
	history *history
	owner   string // this installation
	where   string // for people
}

// openState opens what the configuration says, and takes it for this process alone where it is a directory.
func openState(ctx context.Context, c Config) (s *state, err error) {
	s = &state{member: c.Cluster}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the state: %w", err), s.close())
			s = nil
		}
	}()
	if err = s.openStore(ctx, c); err != nil {
		return s, err
	}
	if s.owner, err = s.agree(ctx, c); err != nil {
		return s, err
	}
	records := ""
	if c.DataDir != "" {
		records = filepath.Join(c.DataDir, "journal")
	}
	if s.journal, err = journal.Open(records, journal.Options{}); err != nil {
		return s, err
	}
	s.history = newHistory(s.journal, c.Log)
	return s, nil
}

// openStore opens where the desired state is kept.
func (s *state) openStore(ctx context.Context, c Config) (err error) {
	switch {
	case c.Etcd != nil:
		s.where = fmt.Sprintf("etcd at %v", c.Etcd.Endpoints)
		s.etcd, err = etcd.Connect(ctx, c.external())
	case c.DataDir != "":
		s.where = c.DataDir
		if err := belated.Register(); err != nil {
			c.Log.Warn("some metrics of libraries are not to be had", "error", err)
		}
		s.etcd, err = etcd.Open(ctx, c.DataDir, c.etcdOptions())
	default:
		s.where, s.store, s.writers = "memory", store.NewMemory(), store.Alone{}
		return nil
	}
	if err != nil {
		s.etcd = nil
		return err
	}
	s.store, s.writers = s.etcd, store.Alone{}
	if c.shared() {
		s.writers = s.etcd
	}
	return nil
}

// agree returns the name of the installation, on which all daemons of one state agree.
func (s *state) agree(ctx context.Context, c Config) (string, error) {
	mine, err := installation(c.DataDir, c.Installation)
	if err != nil || s.etcd == nil {
		return mine, err
	}
	agreed, err := s.etcd.Agree(ctx, mine)
	switch {
	case err != nil:
		return "", err
	case c.Installation != "" && agreed != c.Installation:
		return "", fmt.Errorf("it is that of installation %q and not of %q: leave --installation out, or keep it elsewhere", agreed, c.Installation)
	case agreed != mine && c.DataDir != "" && !c.shared():
		return "", fmt.Errorf("%s is of installation %q and the state in it of %q: one of the two is from elsewhere; restore both from one backup", c.DataDir, mine, agreed)
	default:
		return agreed, nil
	}
}

// run keeps the state in order until ctx ends.
func (s *state) run(ctx context.Context) error {
	if s.etcd == nil {
		return s.history.run(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	kept := make(chan error, 1)
	go func() {
		kept <- s.etcd.Run(ctx)
		cancel()
	}()
	return errors.Join(s.history.run(ctx), <-kept)
}

func (s *state) close() error {
	var errs []error
	if s.journal != nil {
		errs = append(errs, s.journal.Close())
	}
	if s.etcd != nil {
		errs = append(errs, s.etcd.Close())
	}
	return errors.Join(errs...)
}

// checks says how the state fares.
func (s *state) checks() []api.Check {
	recorded := api.Check{Name: "journal", OK: true, Message: "what is done is recorded before it is done"}
	if err := s.journal.Check(); err != nil {
		recorded.OK, recorded.Message = false, "no mirror is made or changed, only taken down: "+err.Error()
	}
	kept := api.Check{Name: "store", OK: true, Message: "what is asked for is kept in " + s.where}
	if s.etcd != nil {
		ctx, cancel := context.WithTimeout(context.Background(), checkTime)
		defer cancel()
		if err := s.etcd.Health(ctx); err != nil {
			kept.OK, kept.Message = false, err.Error()
		}
	}
	return []api.Check{kept, recorded}
}
