package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// Facts reads what mirrors rest on. It never fails: what cannot be read is left unsaid.
type Facts interface {
	// Facts returns what is known, read of vCenter within the last minute, or now when fresh is true.
	Facts(ctx context.Context, fresh bool) doctor.Facts
}

const doctorText = `Rights, switches, hosts with their vmkernel adapters, ports, the receiver, clocks, certificates and the state of the daemon, each with what was
found and what to do about it. Nothing is changed. What was read of vCenter is at most a minute old; with ` + "`fresh`" + ` it is read now. With ` + "`session`" + ` the
checks are those that concern this session; ` + "`dryRun`" + ` shows them for a session that does not exist yet.`

// examination answers what is in order and what is not.
type examination struct {
	*sessions
	facts Facts // nil: nothing is known
}

func (h examination) register(a huma.API) {
	huma.Register(a, operation(a, "health", "examine", http.MethodGet, "/v1/doctor", "Check everything that mirrors rest on", doctorText), h.examine)
}

type examineInput struct {
	Session string `query:"session" doc:"Only what concerns this session"`
	Fresh   bool   `query:"fresh" doc:"true: read vCenter now"`
}

type examineOutput struct{ Body wire.Doctor }

func (h examination) examine(ctx context.Context, in *examineInput) (*examineOutput, error) {
	if in.Session == "" {
		facts := h.read(ctx, in.Fresh)
		return &examineOutput{RenderDoctor(facts, doctor.Examine(facts))}, nil
	}
	s, err := h.find(ctx, in.Session)
	if err != nil {
		return nil, err
	}
	facts := h.read(ctx, in.Fresh)
	checks := doctor.Concerning(facts, doctor.Standing(s, h.board.Status(s.UID).Placement))
	return &examineOutput{RenderDoctor(facts, checks)}, nil
}

func (h examination) read(ctx context.Context, fresh bool) doctor.Facts {
	if h.facts == nil {
		return doctor.Facts{}
	}
	return h.facts.Facts(ctx, fresh)
}

// preflight checks what concerns a session that would stand as planned, on the switch as the plan found it.
func (h examination) preflight(ctx context.Context, s mirror.Session, p Preview) []wire.DoctorCheck {
	if h.facts == nil {
		return []wire.DoctorCheck{}
	}
	facts := h.read(ctx, false).On(p.Switch)
	return renderChecks(doctor.Concerning(facts, doctor.Planned(s, p.Switch.ID, p.Planned)))
}

// RenderDoctor puts checks into the words of the API, also for whoever shows some without it.
func RenderDoctor(f doctor.Facts, checks []doctor.Check) wire.Doctor {
	var oldest time.Time
	for _, v := range f.VCenters {
		if oldest.IsZero() || v.ReadAt.Before(oldest) {
			oldest = v.ReadAt
		}
	}
	return wire.Doctor{Status: doctor.Worst(checks).String(), ReadAt: utc(oldest), Items: renderChecks(checks)}
}

func renderChecks(checks []doctor.Check) []wire.DoctorCheck {
	rendered := make([]wire.DoctorCheck, len(checks))
	for i, c := range checks {
		rendered[i] = renderCheck(c)
	}
	return rendered
}

func renderCheck(c doctor.Check) wire.DoctorCheck {
	return wire.DoctorCheck{
		Code: c.Code.String(), VCenter: c.VCenter, Subject: wire.DoctorSubject{Kind: c.Subject.Kind.String(), Names: c.Subject.Names},
		Status: c.Status.String(), Message: c.Message, Remedy: c.Remedy,
	}
}
