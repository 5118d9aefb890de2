package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.etcd.io/etcd/server/v3/storage/datadir"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

func init() { wal.SegmentSizeBytes = segment } // etcd's 64 MB are for other amounts of data

// node is an etcd within this process.
type node struct {
	etcd    *embed.Etcd
	lock    *os.File
	disk    disk
	trouble *trouble

	compacting sync.Mutex // one at a time
}

// failed is closed when etcd gave up; nil, for ever, without a node.
func (n *node) failed() <-chan struct{} {
	if n == nil {
		return nil
	}
	return n.trouble.failed
}

// stopped is closed when etcd has stopped by itself; nil, for ever, without a node.
func (n *node) stopped() <-chan struct{} {
	if n == nil {
		return nil
	}
	return n.etcd.Server.StopNotify()
}

// failure is why etcd gave up, or nil.
func (n *node) failure() error {
	if n == nil {
		return nil
	}
	err := n.trouble.failure()
	switch {
	case err != nil && strings.Contains(err.Error(), "failed to find local ID"): // etcd's own words, where it asks whether it is a learner
		return removed(n.disk.dir)
	case err != nil:
		return fmt.Errorf("etcd in %s gave up: %w: see that the disk has room and is sound, then start again", n.disk.dir, err)
	}
	return nil
}

func removed(dir string) error {
	return fmt.Errorf("etcd in %s has stopped: this member was removed from its cluster", dir)
}

// tend looks after the space on the disk.
func (n *node) tend() error {
	return errors.Join(n.disk.tend(), n.disk.hold(datadir.ToBackendFileName(n.etcd.Config().Dir)))
}

func (n *node) diskFull() error {
	if n == nil {
		return nil
	}
	return n.disk.full()
}

// closing is how long etcd may take to end. One that gave up may never do.
const closing = 10 * time.Second

// close ends etcd and gives the directory free.
func (n *node) close() error {
	n.trouble.ending.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if n.etcd != nil {
			n.etcd.Close()
		}
	}()
	var err error
	select {
	case <-done:
	case <-time.After(closing):
		err = fmt.Errorf("etcd in %s does not end", n.disk.dir)
	}
	return errors.Join(err, n.lock.Close())
}

// Open starts a node of etcd on a data directory, which is made when there is none, and returns once the node can serve. The directory is
// locked as long as the Store is open. Where Open fails nothing was lost. The Store needs its Run to stay in order.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	s, err := open(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, dir string, o Options) (*Store, error) {
	config, err := o.config(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	n := &node{lock: lock, disk: disk{dir, o.reserve()}, trouble: newTrouble()}
	if err := n.start(ctx, config, o); err != nil {
		return nil, errors.Join(err, n.close())
	}
	if err := n.tend(); err != nil {
		return nil, errors.Join(remedy(dir, err), n.close())
	}
	s := newStore(v3client.New(n.etcd.Server), o.Prefix, o.Daemon, dir, o.Log)
	s.node = n
	if err := errors.Join(s.advertise(ctx, o.Cluster), s.refuseNewer(ctx)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start starts etcd and waits until it can serve.
func (n *node) start(ctx context.Context, config *embed.Config, o Options) error {
	log := logger(orQuiet(o.Log), n.trouble)
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(log)
	if err := n.disk.tend(); err != nil {
		return remedy(n.disk.dir, err)
	}
	if err := inspect(config.Dir, slashed(o.Prefix), n.trouble, log); err != nil {
		return remedy(n.disk.dir, err)
	}
	fresh := !fileutil.Exist(datadir.ToWALDir(config.Dir))
	err := protect(n.trouble, func() (err error) {
		n.etcd, err = embed.StartEtcd(config)
		return err
	})
	switch {
	case err != nil && fresh && o.Cluster != nil:
		return fmt.Errorf("etcd in %s does not join: %w: see that the other members can be reached and that this one was added with its name "+
			"and peer URL and started with the initial cluster that it was told then", n.disk.dir, err)
	case err != nil:
		return remedy(n.disk.dir, fmt.Errorf("etcd does not start: %w%s", err, n.trouble.said()))
	}
	return n.ready(ctx, o)
}

// ready waits until etcd has found a leader and told the others of itself.
func (n *node) ready(ctx context.Context, o Options) error {
	timeout := o.StartTimeout
	if timeout == 0 {
		timeout = time.Minute
	}
	select {
	case <-n.etcd.Server.ReadyNotify():
		return nil
	case <-n.trouble.failed:
		return remedy(n.disk.dir, n.trouble.failure())
	case err := <-n.etcd.Err():
		return fmt.Errorf("etcd in %s ended while it started: %w", n.disk.dir, err)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(timeout):
		return fmt.Errorf("etcd in %s found no leader within %v%s: see that most members run, reach each other by their peer URLs and were "+
			"started with the same initial cluster and token; if this directory is new and one of them was wrong, remove it and start again",
			n.disk.dir, timeout, n.trouble.said())
	}
}

func (o Options) reserve() int64 {
	if o.Reserve > 0 {
		return o.Reserve
	}
	return DefaultReserve
}

// config is what etcd is told.
func (o Options) config(dir string) (*embed.Config, error) {
	c := embed.NewConfig()
	c.Dir = filepath.Join(dir, "etcd")
	c.LogLevel = "warn"
	c.MaxRequestBytes = maxRequest
	c.SnapshotCount, c.SnapshotCatchUpEntries = snapshots, snapshots
	c.AutoCompactionMode, c.AutoCompactionRetention = embed.CompactorModePeriodic, history
	c.UnsafeNoFsync = o.unsafeNoFsync
	if c.QuotaBackendBytes = o.Quota; o.Quota == 0 {
		c.QuotaBackendBytes = DefaultQuota
	}
	c.ListenPeerUrls, c.ListenClientUrls, c.AdvertiseClientUrls = nil, nil, nil
	tick := 10 * time.Millisecond // nobody is asked but this process
	if o.Cluster != nil {
		tick = 100 * time.Millisecond
		if err := o.Cluster.configure(c); err != nil {
			return nil, err
		}
	} else {
		c.Name = "alone"
		c.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "127.0.0.1:2380"}} // must be named; nothing listens there
		c.InitialCluster = c.InitialClusterFromName(c.Name)
	}
	if o.tick > 0 {
		tick = o.tick
	}
	c.TickMs, c.ElectionMs = uint(tick.Milliseconds()), uint(10*tick.Milliseconds())
	return c, nil
}
