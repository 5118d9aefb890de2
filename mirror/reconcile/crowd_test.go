package reconcile_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

// populated is a vCenter with two switches of n VMs each.
func populated(n int) *fakeVCenter {
	f := newFake("lab", dvs0, dvs1)
	for uuid, letter := range map[string]string{dvs0: "a", dvs1: "b"} {
		ports := make([]mirror.Port, n)
		for i := range ports {
			vm := fmt.Sprintf("%s-%05d", letter, i)
			ports[i] = mirror.Port{Key: fmt.Sprint(10_000 + i), Connectee: mirror.VMNIC, VM: vm, VMID: "vm-" + vm, Connected: true}
		}
		f.switches[uuid].sw.Ports = ports
	}
	return f
}

// TestManySessionsAtOnce: they take few calls, and then none, and as many reads as the resync asks for.
func TestManySessionsAtOnce(t *testing.T) {
	bench(t, func(b *workbench) {
		const sessions = 500
		f := populated(sessions)
		f.takes = 200 * time.Millisecond
		b.start(f)
		b.pass(time.Second)
		for i := range sessions {
			go func() {
				if _, err := b.store.Create(b.ctx, ask(fmt.Sprintf("s-%03d", i), fmt.Sprintf("%c-%05d", "ab"[i%2], i))); err != nil {
					t.Error(err)
				}
			}()
		}
		b.pass(30 * time.Second)
		for i := range sessions {
			b.wantApplied(fmt.Sprintf("s-%03d", i))
		}
		b.idsOnce(f, dvs0, dvs1)
		for _, uuid := range []string{dvs0, dvs1} {
			_, reads, applied := f.look(uuid)
			if len(applied) > 10 {
				t.Errorf("%d calls", len(applied))
			}
			b.pass(10 * time.Minute)
			if _, after, now := f.look(uuid); len(now) != len(applied) || after-reads > 11 {
				t.Errorf("in ten minutes %d calls and %d reads", len(now)-len(applied), after-reads)
			}
		}
	})
}

// BenchmarkPass looks at two switches of 10,000 ports, with the sessions standing on the first as asked. Its clock stands still, so that
// no pass rests after the one before.
func BenchmarkPass(b *testing.B) {
	for _, sessions := range []int{500, 2000} {
		b.Run(fmt.Sprint(sessions), func(b *testing.B) {
			f, st, still := populated(10_000), store.NewMemory(), time.Now()
			over := make(chan struct{}, 1)
			r := reconcile.New(reconcile.Options{
				Store: st, Board: store.NewBoard(), VCenters: map[string]reconcile.VCenter{f.name: f}, Owner: owner,
				Receivers: append(receivers(), receiver.Next(), receiver.Next().Next()), Now: func() time.Time { return still },
				At: func(p reconcile.Point) {
					if p == reconcile.StandingNoted {
						select {
						case over <- struct{}{}:
						default:
						}
					}
				},
			})
			for i := range sessions {
				if _, err := st.Create(b.Context(), ask(fmt.Sprintf("s-%04d", i), fmt.Sprintf("a-%05d", 5*i))); err != nil {
					b.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(b.Context())
			done := make(chan error)
			go func() { done <- r.Run(ctx) }()
			for have, _, _ := f.look(dvs0); len(have) < sessions; have, _, _ = f.look(dvs0) {
				<-over
			}
			for b.Loop() {
				f.meddle(dvs0, func(*fakeSwitch) {})
				<-over
			}
			cancel()
			<-done
		})
	}
}
