package daemon

import (
	"context"
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// planner answers dry runs by the reconciler.
type planner struct{ *reconcile.Reconciler }

// Preview plans one session.
func (p planner) Preview(ctx context.Context, s mirror.Session) (api.Preview, error) {
	planned, sw, changes, err := p.Reconciler.Preview(ctx, s)
	return api.Preview{Planned: planned, Switch: sw, Changes: changes}, err
}

// unclaimed shows the API the mirror packets that belong to no session.
func (r *reception) unclaimed() []api.Unclaimed {
	var list []api.Unclaimed
	for _, u := range r.view().Unclaimed {
		list = append(list, api.Unclaimed{
			Exporter: u.Exporter, Receiver: u.Destination, Encapsulation: u.Type.String(), ERSPANID: u.ID,
			Reason:  unclaimedReason(u, r.addresses),
			Packets: u.Packets, Bytes: u.Bytes, First: u.First, Last: u.Last,
		})
	}
	return list
}

// unclaimedReason says why mirror packets are nobody's.
func unclaimedReason(u evidence.Unclaimed, receivers []netip.Addr) string {
	if slices.Contains(receivers, u.Destination) {
		return "no_session_expects_it"
	}
	return "not_sent_to_this_receiver"
}
