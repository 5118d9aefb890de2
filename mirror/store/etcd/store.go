package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/record"
)

// Prefix is where the keys are when nothing else is said.
const Prefix = "/vspan/"

// Store is a store.Store and its store.Writers. All methods may be called concurrently.
type Store struct {
	client *clientv3.Client
	prefix string // ends with a slash
	daemon string // what Writer calls this daemon
	where  string // names the etcd in errors
	log    *slog.Logger
	node   *node // that this process runs; nil for somebody else's etcd
	gauge  gauge

	ctx    context.Context // of what outlives a call: watches and tenures; ended by Close
	cancel context.CancelFunc
	mu     sync.Mutex // guards tasks against one that begins while Close waits
	tasks  sync.WaitGroup
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Writers = (*Store)(nil)
)

func newStore(client *clientv3.Client, prefix, daemon, where string, log *slog.Logger) *Store {
	ctx, cancel := context.WithCancel(context.Background())
	return &Store{
		client: client, prefix: slashed(prefix), daemon: daemon, where: where, log: orQuiet(log),
		ctx: ctx, cancel: cancel,
	}
}

// slashed is the prefix that is meant.
func slashed(prefix string) string {
	if prefix == "" {
		return Prefix
	}
	return strings.TrimSuffix(prefix, "/") + "/"
}

func orQuiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return log
}

// Close ends watches and tenures, then the connection and the node, if this process runs one. It waits for all of them.
func (s *Store) Close() error {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.tasks.Wait()
	err := s.client.Close()
	if errors.Is(err, context.Canceled) {
		err = nil // an in-process client has no connection to close
	}
	if s.node != nil {
		err = errors.Join(err, s.node.close())
	}
	if err != nil {
		return fmt.Errorf("close the store at %s: %w", s.where, err)
	}
	return nil
}

// begin runs a task that Close waits for; the task ends with s.ctx. It fails when the store is closed.
func (s *Store) begin(task func()) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return fmt.Errorf("the store at %s is closed", s.where)
	}
	s.tasks.Go(task)
	return nil
}

func (s *Store) key(name string) string  { return s.prefix + "sessions/" + name }
func (s *Store) grave(uid string) string { return s.prefix + "graves/" + uid }
func (s *Store) noted() string           { return s.prefix + "noted" }

// session reads what is stored under a session's key.
func (s *Store) session(kv *mvccpb.KeyValue) (mirror.Session, error) {
	name := strings.TrimPrefix(string(kv.Key), s.key(""))
	got, err := record.Decode(kv.Value)
	if err != nil {
		return mirror.Session{}, err
	}
	if got.Name != name {
		return mirror.Session{}, fmt.Errorf("%w: it is of session %q", store.ErrDamaged, got.Name)
	}
	got.Revision = kv.ModRevision
	return got, nil
}

// Get returns one session, tombstones included; ErrNotFound when there is none, ErrDamaged when its record cannot be read.
func (s *Store) Get(ctx context.Context, name string) (mirror.Session, error) {
	got, err := s.get(ctx, name)
	if err != nil {
		return mirror.Session{}, fmt.Errorf("get session %q: %w", name, err)
	}
	return got, nil
}

func (s *Store) get(ctx context.Context, name string) (mirror.Session, error) {
	kv, err := s.read(ctx, name)
	if err != nil {
		return mirror.Session{}, err
	}
	return s.session(kv)
}

// read returns a session's record as it is stored, or ErrNotFound.
func (s *Store) read(ctx context.Context, name string) (*mvccpb.KeyValue, error) {
	response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return s.client.Get(ctx, s.key(name))
	})
	if err != nil {
		return nil, err
	}
	if len(response.Kvs) == 0 {
		return nil, store.ErrNotFound
	}
	return response.Kvs[0], nil
}

// List returns every session that can be read, tombstones included, ordered by name, and the revision they were read at.
func (s *Store) List(ctx context.Context) ([]mirror.Session, int64, error) {
	all := []mirror.Session{}
	revision, err := s.each(ctx, s.key(""), func(kv *mvccpb.KeyValue) {
		if got, err := s.session(kv); err == nil {
			all = append(all, got)
		}
	})
	if err != nil {
		return nil, 0, fmt.Errorf("list sessions: %w", err)
	}
	return all, revision, nil
}

// page is how many keys are read at a time.
const page = 500

// each reads all keys of a prefix in their order, at one revision, which it returns.
func (s *Store) each(ctx context.Context, prefix string, visit func(*mvccpb.KeyValue)) (int64, error) {
	var revision int64
	for from, end := prefix, clientv3.GetPrefixRangeEnd(prefix); ; {
		response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
			return s.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(page), clientv3.WithRev(revision))
		})
		if err != nil {
			return 0, err
		}
		if revision == 0 {
			revision = response.Header.Revision
		}
		for _, kv := range response.Kvs {
			visit(kv)
		}
		if !response.More || len(response.Kvs) == 0 {
			return revision, nil
		}
		from = string(response.Kvs[len(response.Kvs)-1].Key) + "\x00"
	}
}

// patience bounds a call whose caller sets no earlier end: an etcd that does not answer is an error, not a wait.
const patience = 10 * time.Second
