package api

import (
	"cmp"
	"math"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func renderStatus(s mirror.Session, status mirror.Status) wire.Status {
	return wire.Status{
		ObservedGeneration: status.Placement.Generation,
		Conditions:         renderConditions(s, status),
		Verdict:            renderVerdict(status.Verdict),
		Switch:             renderPlacement(s, status.Placement),
		Sources:            renderSources(status),
		Evidence:           renderEvidence(status.Evidence),
		Diagnoses:          renderDiagnoses(status.Evidence.Diagnoses),
		Figures:            renderFigures(status.Evidence.Figures),
	}
}

// renderConditions renders the conditions; those of a session that nobody looked at yet are all unknown since it was created.
func renderConditions(s mirror.Session, status mirror.Status) []wire.Condition {
	conditions := status.Conditions
	if conditions == nil {
		conditions = mirror.Conditions(status.Placement, status.Verdict, nil, s.CreatedAt)
	}
	list := make([]wire.Condition, len(conditions))
	for i, c := range conditions {
		list[i] = wire.Condition{
			Type: string(c.Type), Status: string(c.Status), Reason: c.Reason, Message: c.Message,
			LastTransitionTime: utc(c.LastTransition),
		}
	}
	return list
}

// renderVerdict renders a verdict; what was not judged yet is pending, and says so.
func renderVerdict(v mirror.Verdict) wire.Verdict {
	if v.IsZero() {
		return wire.Verdict{State: mirror.Pending.String(), Reason: mirror.NotApplied.String(), Message: "not judged yet"}
	}
	return wire.Verdict{State: v.State.String(), Reason: v.Reason.String(), Message: v.Message, Since: utc(v.Since), At: utc(v.At)}
}

// renderPlacement returns nil before the session was placed.
func renderPlacement(s mirror.Session, p mirror.Placement) *wire.Placement {
	if p.Switch == (mirror.SwitchID{}) && p.SwitchName == "" {
		return nil
	}
	return &wire.Placement{
		Name: p.SwitchName, UUID: p.Switch.UUID, SessionKey: p.SessionKey,
		ERSPANID: int(cmp.Or(s.ERSPANID, p.Session.ERSPANID)), ConfigVersion: p.ConfigVersion,
	}
}

// renderSources joins where each source was placed with what was received of its port.
func renderSources(status mirror.Status) []wire.SourceSeen {
	list := make([]wire.SourceSeen, len(status.Placement.Sources))
	for i, p := range status.Placement.Sources {
		seen := wire.SourceSeen{
			VM: cmp.Or(p.Port.VM, p.Source.VM), NIC: cmp.Or(p.Port.NIC, p.Source.NIC), MAC: p.Port.MAC,
			PortKey: cmp.Or(p.Port.Key, p.Source.PortKey), Host: p.Port.Host,
		}
		var verdict mirror.Verdict
		var figures []mirror.Figure
		at := slices.IndexFunc(status.Evidence.Sources, func(e mirror.SourceEvidence) bool { return p.Port.Key != "" && e.PortKey == p.Port.Key })
		if at >= 0 {
			e := status.Evidence.Sources[at]
			verdict, seen.FromVM, seen.ToVM = e.Verdict, wire.Volume(e.FromVM), wire.Volume(e.ToVM)
			seen.FromVMDelivery, seen.ToVMDelivery, figures = renderDelivery(e.FromVMDelivery), renderDelivery(e.ToVMDelivery), e.Figures
		}
		if p.Fault != nil && verdict.IsZero() {
			verdict = mirror.Verdict{State: mirror.Failed, Reason: p.Fault.Reason, Message: p.Fault.Error(), At: status.Placement.At}
		}
		seen.Verdict, seen.Figures = renderVerdict(verdict), renderFigures(figures)
		list[i] = seen
	}
	return list
}

func renderEvidence(e mirror.Evidence) wire.Evidence {
	hosts := make([]wire.HostEvidence, len(e.Exporters))
	for i, x := range e.Exporters {
		hosts[i] = wire.HostEvidence{Address: x.Address.String(), Host: x.Host, Packets: x.Packets, LastPacketAt: utc(x.Last)}
	}
	return wire.Evidence{
		Packets: e.Packets, Bytes: e.Bytes, PacketsPerSecond: finite(e.PacketsPerSecond), BitsPerSecond: finite(e.BitsPerSecond),
		FirstPacketAt: utc(e.First), LastPacketAt: utc(e.Last),
		Lost: e.Lost, Reordered: e.Reordered, Duplicated: e.Duplicated, Truncated: e.Truncated,
		NotMirrored: wire.NotMirrored{Packets: e.NotMirrored.Packets, Bytes: e.NotMirrored.Bytes},
		Fragments:   e.Fragments, ReceiverDropped: e.ReceiverDropped, Hosts: hosts,
	}
}

// finite replaces what JSON cannot say.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}
