package reconcile_test

import (
	"context"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// elsewhere is an election that another daemon has won.
type elsewhere struct{}

func (elsewhere) Campaign(ctx context.Context, _ string) (store.Tenure, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (elsewhere) Writer(context.Context, string) (string, error) { return "another", nil }

// TestStandbyLeavesIDsToTheWriter: who is not the writer does not say that there is no ERSPAN id because none was chosen yet.
func TestStandbyLeavesIDsToTheWriter(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.opts.Writers = elsewhere{}
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.NotWriter)
		if n := b.calls(f, dvs0); n > 0 {
			t.Errorf("%d calls of a daemon that is not the writer", n)
		}
	})
}
