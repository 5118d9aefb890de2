package reconcile_test

import (
	"slices"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// Whoever receives must know a session before the switch mirrors it: else its first packets belong to nobody.
func TestSessionIsOnTheBoardBeforeItStands(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		var seen []mirror.Placement
		f.switches[dvs0].before = func() { seen = append(seen, b.placement("web")) }
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		if len(seen) != 1 {
			t.Fatalf("%d calls, want one", len(seen))
		}
		p := seen[0]
		if p.Applied || !p.Accepted || p.Generation != 1 || !p.Local || !slices.Contains(p.Destinations, receiver) || len(p.Sources) != 1 || len(p.Hosts) != 1 {
			t.Errorf("when the call came, the board said %+v", p)
		}
	})
}
