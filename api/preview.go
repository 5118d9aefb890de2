package api

import (
	"context"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// preview answers what would be done if s were stored.
func (h *sessions) preview(ctx context.Context, s mirror.Session) (*sessionOutput, error) {
	p, err := h.planner.Preview(ctx, s)
	if err != nil {
		return nil, faultProblem(err)
	}
	if f := p.Planned.Fault; f != nil && !p.Planned.Accepted {
		return nil, faultProblem(f)
	}
	return &sessionOutput{Status: http.StatusOK, Body: wire.DryRun{
		Plan: renderPlan(p), Session: renderSession(s, h.board.Status(s.UID)), Checks: examination{h, h.facts}.preflight(ctx, s, p),
	}}, nil
}

// previewChange answers what would be done if the session were changed by revise.
func (h *sessions) previewChange(ctx context.Context, name string, c conditions, revise func(mirror.Session) (mirror.Session, bool, error)) (*sessionOutput, error) {
	s, err := h.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if p := c.check(&s); p != nil {
		return nil, p
	}
	revised, _, err := revise(s)
	if err != nil {
		return nil, err
	}
	return h.preview(ctx, revised)
}

func renderPlan(p Preview) wire.Plan {
	plan := wire.Plan{
		Switch: wire.SwitchRef{
			Name: p.Switch.Name, UUID: p.Switch.ID.UUID, VCenter: p.Switch.ID.VCenter, ConfigVersion: p.Switch.ConfigVersion,
		},
		Operations: make([]wire.Operation, len(p.Changes)),
		Sources:    make([]wire.PlannedSource, len(p.Planned.Sources)),
		Warnings:   append([]string{}, p.Planned.Warnings...),
	}
	if p.Planned.Fault != nil { // what stands there is left as it is
		plan.Warnings = append(plan.Warnings, p.Planned.Fault.Error())
	}
	for i, c := range p.Changes {
		plan.Operations[i] = wire.Operation{Operation: c.Operation.String(), Why: c.Why, Session: renderVSPAN(c.Session)}
	}
	for i, s := range p.Planned.Sources {
		plan.Sources[i] = wire.PlannedSource{
			Source: s.Source.String(), VM: s.Port.VM, NIC: s.Port.NIC, MAC: s.Port.MAC, PortKey: s.Port.Key,
			Portgroup: s.Port.Portgroup, Host: s.Port.Host, Direction: s.Direction.String(), Connected: s.Port.Connected,
		}
		if s.Fault != nil {
			plan.Sources[i].Fault = &wire.Fault{Reason: s.Fault.Reason.String(), Message: s.Fault.Error()}
		}
	}
	return plan
}

func renderVSPAN(v mirror.VSPAN) wire.VSPANSession {
	return wire.VSPANSession{
		Key: v.Key, Name: v.Name, Description: v.Description, Enabled: v.Enabled, Type: v.Type,
		Encapsulation: v.Encapsulation.String(), ERSPANID: int(v.ERSPANID), Destinations: renderAddresses(v.Destinations),
		FromVM: append([]string{}, v.FromVM...), ToVM: append([]string{}, v.ToVM...),
		SnapLength: v.SnapLength, Sampling: v.Sampling, Netstack: v.Netstack,
	}
}
