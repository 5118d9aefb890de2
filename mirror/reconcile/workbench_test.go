package reconcile_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	owner = "here"
	dvs0  = "50 0a"
	dvs1  = "50 0b"
)

var receiver = netip.MustParseAddr("10.2.1.110")

// workbench is a reconciler at work on fake vCenters, within a bubble of its own time.
type workbench struct {
	*testing.T
	ctx   context.Context
	store *store.Memory
	board *store.Board
	opts  reconcile.Options
	r     *reconcile.Reconciler
	stop  func()
}

// bench runs a test within a bubble; start begins to reconcile.
func bench(t *testing.T, test func(b *workbench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := &workbench{T: t, ctx: ctx, store: store.NewMemory(), board: store.NewBoard(), stop: func() {}}
		b.opts = reconcile.Options{
			Store: b.store, Board: b.board, VCenters: make(map[string]reconcile.VCenter), Owner: owner, Receivers: []netip.Addr{receiver},
		}
		defer func() { b.stop(); cancel() }()
		test(b)
	})
}

// start begins to reconcile, and waits until there is nothing more to do at once.
func (b *workbench) start(vcenters ...*fakeVCenter) {
	for _, f := range vcenters {
		b.opts.VCenters[f.name] = f
	}
	b.r = reconcile.New(b.opts)
	ctx, cancel := context.WithCancel(b.ctx)
	done := make(chan error, 1)
	go func() { done <- b.r.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.Errorf("Run: %v", err)
		}
		b.stop = func() {}
	}
	b.settle()
}

// settle waits until nothing happens without time passing.
func (b *workbench) settle() { synctest.Wait() }

// pass lets time pass.
func (b *workbench) pass(d time.Duration) {
	time.Sleep(d) // the bubble's time: nobody waits
	synctest.Wait()
}

// ask is a session of a VM, sent as erspan2 to the local receiver.
func ask(name, vm string) mirror.Session {
	return mirror.Session{
		Name: name, UID: "uid-" + name, Generation: 1, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		Spec: mirror.Spec{
			Sources: []mirror.Source{{VM: vm}}, Destination: mirror.Destination{Receiver: mirror.LocalReceiver},
			Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN2}, Sampling: 1, Enabled: true, Life: mirror.Life{For: time.Hour},
		},
	}
}

func (b *workbench) create(s mirror.Session) {
	b.Helper()
	if _, err := b.store.Create(b.ctx, s); err != nil {
		b.Fatal(err)
	}
	b.settle()
}

// change changes what is asked for, as a PUT does.
func (b *workbench) change(name string, change func(*mirror.Session)) {
	b.Helper()
	_, err := store.Modify(b.ctx, b.store, name, func(s *mirror.Session) bool {
		s.Generation++
		change(s)
		return true
	})
	if err != nil {
		b.Fatal(err)
	}
	b.settle()
}

// lose makes the store forget a session as if it had never been there: what a damaged data directory does, and no Remove.
func (b *workbench) lose(name string) {
	b.Helper()
	all, _, err := b.store.List(b.ctx)
	left := store.NewMemory()
	for _, s := range all {
		if s.Name != name && err == nil {
			_, err = left.Create(b.ctx, s)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	b.store, b.opts.Store = left, left
}

func (b *workbench) delete(name string) {
	b.Helper()
	b.change(name, func(s *mirror.Session) { s.Generation--; s.DeletedAt = time.Now() })
}

func (b *workbench) placement(name string) mirror.Placement {
	return b.board.Status("uid-" + name).Placement
}

// wantFault fails unless the session's placement has a fault of that reason, and returns it.
func (b *workbench) wantFault(name string, reason mirror.Reason) *mirror.Fault {
	b.Helper()
	p := b.placement(name)
	if p.Fault == nil || p.Fault.Reason != reason {
		b.Fatalf("session %q: fault %v, want %v", name, p.Fault, reason)
	}
	return p.Fault
}

func (b *workbench) wantApplied(name string) mirror.Placement {
	b.Helper()
	p := b.placement(name)
	if !p.Applied || !p.Accepted || p.Fault != nil {
		b.Fatalf("session %q: accepted %v, applied %v, fault %v", name, p.Accepted, p.Applied, p.Fault)
	}
	return p
}

// wantStanding fails unless exactly these sessions stand on a switch.
func (b *workbench) wantStanding(f *fakeVCenter, uuid string, names ...string) []mirror.VSPAN {
	b.Helper()
	sessions, _, _ := f.look(uuid)
	var have []string
	for _, v := range sessions {
		have = append(have, v.Name)
	}
	slices.Sort(have)
	if !slices.Equal(have, names) {
		b.Fatalf("switch %s shows %q, want %q", uuid, have, names)
	}
	return sessions
}

func (b *workbench) calls(f *fakeVCenter, uuid string) int {
	_, _, applied := f.look(uuid)
	return len(applied)
}

func receivers() []netip.Addr { return []netip.Addr{receiver} }

// lab is a vCenter with one switch and three VMs.
func lab() *fakeVCenter {
	f := newFake("lab", dvs0)
	f.switches[dvs0].vm("101", "web-01", "esx-01")
	f.switches[dvs0].vm("102", "web-02", "esx-01")
	f.switches[dvs0].vm("103", "db-01", "esx-01")
	return f
}

// beforeTakes is a history that is slow to write.
func beforeTakes(d time.Duration) func(context.Context, reconcile.Attempt) error {
	return func(context.Context, reconcile.Attempt) error {
		time.Sleep(d) // the bubble's time: nobody waits
		return nil
	}
}
