package daemon

import (
	"context"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// planner answers dry runs by the reconciler.
type planner struct{ *reconcile.Reconciler }

// Preview plans one session.
func (p planner) Preview(ctx context.Context, s mirror.Session) (api.Preview, error) {
	planned, sw, changes, err := p.Reconciler.Preview(ctx, s)
	return api.Preview{Planned: planned, Switch: sw, Changes: changes}, err
}
