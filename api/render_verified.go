package api

import (
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func renderVerified(s mirror.Session, how Verification, v Verified, p mirror.Placement) wire.Verification {
	out := wire.Verification{
		Session: s.Name, Method: how.Method, Result: v.Result.String(), Message: v.Message,
		BeganAt: utc(v.Began), Took: v.Took.Round(time.Millisecond).String(), Sources: []wire.SourceProbed{},
	}
	if out.Method == "" {
		out.Method = "icmp"
	}
	ports := make(map[string]mirror.Port)
	for _, source := range p.Sources {
		ports[source.Port.Key] = source.Port
	}
	for _, probed := range v.Sources {
		out.Sources = append(out.Sources, renderProbed(probed, ports[probed.PortKey]))
	}
	if t := v.Toggle; t != nil {
		out.Toggle = &wire.ToggleProof{
			Before: t.Before, While: t.While, After: t.After, Active: t.Active, Restored: t.Restored, Disabled: t.Disabled.Round(time.Millisecond).String(),
		}
	}
	return out
}

func renderProbed(p mirror.Probed, port mirror.Port) wire.SourceProbed {
	out := wire.SourceProbed{
		VM: port.VM, NIC: port.NIC, PortKey: p.PortKey, Host: port.Host, Result: p.Result.String(), Message: p.Message,
		Sent: p.Sent, Answered: p.Answered, ToVM: renderCopy(p.ToVM), FromVM: renderCopy(p.FromVM),
	}
	if p.Address.IsValid() {
		out.Address = p.Address.String()
	}
	if p.Answered {
		out.RTT = p.RTT.Round(time.Microsecond).String()
	}
	return out
}

func renderCopy(c mirror.Copy) wire.ProbeCopy {
	if !c.Seen {
		return wire.ProbeCopy{}
	}
	return wire.ProbeCopy{Seen: true, Delay: c.Delay.Round(time.Microsecond).String(), Host: c.Host, Exporter: c.Exporter.String()}
}
