package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// faultProblem makes a problem of what a Planner or an Inventory failed with. Its code is the fault's reason; its detail names
// the object, which is part of what was asked for, because the answer would be of no use without.
func faultProblem(err error) *wire.Problem {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return timedOut.problem("vCenter did not answer in time; try again")
	}
	f := mirror.FaultOf(err, mirror.VCenterFault)
	return kind{f.Reason.String(), faultStatus(f.Reason), faultTitle(f.Reason)}.problem("%s", f.Error())
}

func faultStatus(r mirror.Reason) int {
	switch r {
	case mirror.VCenterUnreachable, mirror.NotAuthenticated, mirror.NoPermission, mirror.VCenterFault, mirror.HostRefused, mirror.NotWriter:
		return http.StatusServiceUnavailable
	case mirror.IDConflict, mirror.IDsExhausted, mirror.ConcurrentAccess, mirror.NoReceiver, mirror.RemovalHeld, mirror.DriftReported,
		mirror.RecordDamaged:
		return http.StatusConflict
	default:
		return http.StatusUnprocessableEntity
	}
}

// faultTitle is the title of a reason's problem type: the same sentence for the same reason.
func faultTitle(r mirror.Reason) string {
	switch status := faultStatus(r); {
	case r == mirror.NotWriter:
		return "Another daemon changes the switch"
	case r == mirror.RecordDamaged:
		return recordDamaged.title
	case status == http.StatusServiceUnavailable:
		return "vCenter cannot be asked"
	case status == http.StatusConflict:
		return "It conflicts with what is there"
	default:
		return "The session cannot be placed"
	}
}
