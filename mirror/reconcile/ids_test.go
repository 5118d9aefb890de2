package reconcile_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// idsOnce fails if an ERSPAN id is sent to the same address twice, and returns how many are sent where.
func (b *workbench) idsOnce(f *fakeVCenter, uuids ...string) map[netip.Addr]int {
	b.Helper()
	taken := make(map[mirror.IDUse]string)
	count := make(map[netip.Addr]int)
	for _, uuid := range uuids {
		sessions, _, _ := f.look(uuid)
		for _, v := range sessions {
			for _, use := range v.IDUses() {
				if other := taken[use]; other != "" {
					b.Errorf("%q and %q both send id %d to %s", other, v.Name, use.ID, use.Address)
				}
				taken[use] = v.Name
				count[use.Address]++
			}
		}
	}
	return count
}

// TestFailure38AtOnce: sessions of two switches are asked for at once, and each switch is another daemon's to write; none gets another's id,
// not for a moment.
func TestFailure38AtOnce(t *testing.T) {
	bench(t, func(b *workbench) {
		f, e := two(), newElection()
		e.barred["first"] = true
		second := b.daemon(asCandidate(e, "second"), f)
		e.depose("second") // of both; then each wins one
		e.mu.Lock()
		e.terms["switch/"+dvs1] = &term{e: e, key: "switch/" + dvs1, holder: "nobody", lost: make(chan struct{})}
		e.mu.Unlock()
		second.stop()
		e.pardon("first")
		first := b.daemon(asCandidate(e, "first"), f) // wins DVS0
		e.pardon("second")
		second = b.daemon(asCandidate(e, "second"), f)
		e.mu.Lock()
		e.barred["first"] = true
		e.terms["switch/"+dvs1].end()
		e.mu.Unlock()
		b.settle()
		for i := range 60 {
			if _, err := b.store.Create(b.ctx, ask(fmt.Sprint("s-", i), []string{"web-01", "db-01"}[i%2])); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			b.pass(100 * time.Millisecond)
			b.idsOnce(f, dvs0, dvs1)
		}
		b.pass(2 * time.Minute)
		if n := b.idsOnce(f, dvs0, dvs1)[receiver]; n != 60 {
			t.Errorf("%d sessions stand", n)
		}
		if first.lines["lab"].made() == 0 || second.lines["lab"].made() == 0 {
			t.Errorf("%d and %d changes: each should have a switch", first.lines["lab"].made(), second.lines["lab"].made())
		}
		first.stop()
		second.stop()
	})
}

// TestFailure38MoreThanOneReceiverTakes: the 1024th session goes to the second address; when both are full, it is said.
func TestFailure38MoreThanOneReceiverTakes(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		other := netip.MustParseAddr("10.2.1.111")
		b.opts.Receivers = append(receivers(), other)
		const sessions = 2*mirror.MaxERSPANID + 1
		for i := range sessions {
			if _, err := b.store.Create(b.ctx, ask(fmt.Sprintf("s-%04d", i), "web-01")); err != nil {
				t.Fatal(err)
			}
		}
		b.start(f)
		b.pass(time.Second)
		if at := b.idsOnce(f, dvs0); at[receiver] != mirror.MaxERSPANID || at[other] != mirror.MaxERSPANID {
			t.Errorf("%v", at)
		}
		b.wantFault(fmt.Sprintf("s-%04d", sessions-1), mirror.IDsExhausted)
		b.wantApplied(fmt.Sprintf("s-%04d", sessions-2))
		b.delete("s-0007")
		b.pass(time.Minute) // at the resync after its record was closed
		b.wantApplied(fmt.Sprintf("s-%04d", sessions-1))
	})
}
