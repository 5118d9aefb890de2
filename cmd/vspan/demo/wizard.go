package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func (p *play) listPorts(ctx context.Context) error {
	p.title("What the wizard asks for first: the ports of the switch")
	ports, err := p.settledPorts(ctx)
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-5s %-10s %-18s %-18s %-10s %s\n", "PORT", "VM", "NIC", "MAC", "PORTGROUP", "HOST")
	for _, port := range ports {
		if port.VM == "" {
			continue // vmkernel adapters and uplinks cannot be mirrored
		}
		fmt.Fprintf(&b, "%-5s %-10s %-18s %-18s %-10s %s\n", port.PortKey, port.VM, port.NIC, port.MAC, port.Portgroup, port.Host)
	}
	p.say("GET /v1/switches/%s/ports", switchName)
	p.show(b.String())
	return nil
}

// settledPorts waits until the daemon has read the switch for the first time.
func (p *play) settledPorts(ctx context.Context) ([]wire.Port, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	for {
		ports, err := p.client.Ports(ctx, switchName, "", client.Look{})
		if err == nil && len(ports) > 0 {
			return ports, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the ports of %s did not show within %s: %w", switchName, p.patience, err)
		case <-time.After(lookEvery):
		}
	}
}

func (p *play) createSessions(ctx context.Context) error {
	for _, a := range asked {
		p.title("Mirror %s as %s", a.vm, a.encapsulation)
		in := wire.SessionInput{Spec: wire.Spec{
			Sources:       []wire.Source{{VM: a.vm}},
			Encapsulation: wire.Encapsulation{Type: a.encapsulation},
			ExpiresIn:     "1h",
		}}
		if err := p.create(ctx, a.name, in); err != nil {
			return err
		}
	}
	return nil
}

// create shows the wizard's last page, presses Finish, and waits for the proof.
func (p *play) create(ctx context.Context, name string, in wire.SessionInput) error {
	dry, err := p.client.DryRun(ctx, name, in)
	if err != nil {
		return fmt.Errorf("dry run of %s: %w", name, err)
	}
	p.say("PUT /v1/sessions/%s?dryRun=true: the wizard's last page", name)
	p.show(page(dry.Plan))
	if _, _, err := p.client.Put(ctx, name, in, client.Precondition{}); err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	p.say("PUT /v1/sessions/%s: Finish", name)
	_, err = p.watch(ctx, name, bothWays, p.patience)
	return err
}

var bothWays = wanted{"being delivered in both directions", func(s wire.Session) bool {
	return s.Status.Verdict.State == "delivering" && len(s.Status.Sources) > 0 &&
		!slices.ContainsFunc(s.Status.Sources, func(src wire.SourceSeen) bool { return src.FromVM.Packets == 0 || src.ToVM.Packets == 0 })
}}

// page is a plan as the wizard would show it.
func page(plan wire.Plan) string {
	var b strings.Builder
	for _, op := range plan.Operations {
		v := op.Session
		fmt.Fprintf(&b, "%s session %q on %s: %s", op.Operation, v.Name, plan.Switch.Name, v.Encapsulation)
		if v.ERSPANID != 0 {
			fmt.Fprintf(&b, " id %d", v.ERSPANID)
		}
		fmt.Fprintf(&b, " to %s\n", strings.Join(v.Destinations, ", "))
	}
	for _, src := range plan.Sources {
		fmt.Fprintf(&b, "source   port %s: %s, %s on %s, %s\n", src.PortKey, src.VM, src.NIC, src.Host, src.Direction)
	}
	for _, w := range plan.Warnings {
		fmt.Fprintf(&b, "warning  %s\n", w)
	}
	return b.String()
}
