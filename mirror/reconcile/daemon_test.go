package reconcile_test

import (
	"context"
	"sync"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

// daemon is one of several reconcilers on a workbench's store, each with a board and connections of its own.
type daemon struct {
	*reconcile.Reconciler
	board *store.Board
	lines map[string]*line // by vCenter
	stop  func()

	mu   sync.Mutex
	told []mirror.Event
}

// line is a daemon's connection to a vCenter.
type line struct {
	*fakeVCenter
	mu       sync.Mutex
	cut      error
	accepted [][]mirror.Change // calls that succeeded
}

func (l *line) sever(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = err
}

func (l *line) state() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// made returns how many calls succeeded.
func (l *line) made() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

func (l *line) Switches(ctx context.Context) ([]mirror.SwitchID, error) {
	if err := l.state(); err != nil {
		return nil, err
	}
	return l.fakeVCenter.Switches(ctx)
}

func (l *line) Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	if err := l.state(); err != nil {
		return mirror.Switch{}, err
	}
	return l.fakeVCenter.Observe(ctx, id)
}

func (l *line) Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) error {
	if err := l.state(); err != nil {
		return err
	}
	err := l.fakeVCenter.Apply(ctx, id, configVersion, changes)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.accepted = append(l.accepted, changes)
	}
	return err
}

// daemon starts another reconciler; change sets what its options do not share with the workbench's.
func (b *workbench) daemon(change func(*reconcile.Options), vcenters ...*fakeVCenter) *daemon {
	d := &daemon{board: store.NewBoard(), lines: make(map[string]*line)}
	opts := b.opts
	opts.Board, opts.VCenters = d.board, make(map[string]reconcile.VCenter)
	opts.Tell = func(e mirror.Event) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.told = append(d.told, e)
	}
	for _, f := range vcenters {
		d.lines[f.name] = &line{fakeVCenter: f}
		opts.VCenters[f.name] = d.lines[f.name]
	}
	if change != nil {
		change(&opts)
	}
	d.Reconciler = reconcile.New(opts)
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	d.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.Errorf("Run: %v", err)
		}
		d.stop = func() {}
	}
	b.settle()
	return d
}

// events returns what the history was told of a kind.
func (d *daemon) events(kind mirror.EventKind) []mirror.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []mirror.Event
	for _, e := range d.told {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// placement is what a daemon knows of a session of the workbench.
func (d *daemon) placement(name string) mirror.Placement {
	return d.board.Status("uid-" + name).Placement
}
