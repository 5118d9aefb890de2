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

// step is one thing the demo shows; it holds or it does not.
type step struct {
	name string
	act  func(*play, context.Context) error
}

// steps are the wizard, and then everything the wizard never tells.
var steps = []step{
	{"ports", (*play).listPorts},
	{"sessions", (*play).createSessions},
	{"arriving", (*play).showArriving},
	{"http", (*play).showHTTP},
	{"vmotion", (*play).moveVM},
	{"broken path", (*play).breakPath},
	{"disable", (*play).disable},
}

// asked are the sessions the demo creates: one of each encapsulation.
var asked = []struct{ name, vm, encapsulation string }{
	{"web-01-gre", "web-01", "gre"},
	{"web-02-erspan2", "web-02", "erspan2"},
	{"db-01-erspan3", "db-01", "erspan3"},
}

const switchName = "DVS0"

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

func (p *play) showArriving(ctx context.Context) error {
	p.title("The packets that arrive")
	for _, a := range asked {
		s, err := p.watch(ctx, a.name, wanted{"a rate", func(s wire.Session) bool { return s.Status.Evidence.PacketsPerSecond > 0 }}, p.patience)
		if err != nil {
			return err
		}
		e := s.Status.Evidence
		src := s.Status.Sources[0]
		p.say("%-15s %5d packets, %4.0f a second, %4d outer fragments put together, %d lost; from the VM %d, to it %d",
			s.Name, e.Packets, e.PacketsPerSecond, e.Fragments, e.Lost, src.FromVM.Packets, src.ToVM.Packets)
	}
	return nil
}

func (p *play) showHTTP(ctx context.Context) error {
	p.title("What a person would look for in Wireshark: an HTTP GET and its answer")
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	select {
	case e := <-p.tap.seen:
		p.say("%s > %s  %s", e.client, e.server, e.request)
		p.say("%s > %s  %s   (received as %s)", e.server, e.client, e.status, e.encapsulation)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no HTTP exchange was seen in the mirror within %s", p.patience)
	}
}

func (p *play) moveVM(ctx context.Context) error {
	const name = "web-02-erspan2"
	s, err := p.client.Session(ctx, name)
	if err != nil {
		return err
	}
	from, to := s.Status.Sources[0].Host, "esx-01"
	if from == to {
		to = "esx-02"
	}
	p.title("vMotion: web-02 moves from %s to %s", from, to)
	if err := p.sim.MoveVM("web-02", to); err != nil {
		return err
	}
	moved := time.Now()
	s, err = p.watch(ctx, name, wanted{"packets from " + to, func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && slices.ContainsFunc(s.Status.Evidence.Hosts, func(h wire.HostEvidence) bool {
			return h.Host == to && h.LastPacketAt.After(moved)
		})
	}}, p.patience)
	if err != nil {
		return err
	}
	for _, h := range s.Status.Evidence.Hosts {
		p.say("%s: %d packets from %s (%s)", name, h.Packets, h.Address, h.Host)
	}
	return nil
}

func (p *play) breakPath(ctx context.Context) error {
	const name = "web-01-gre"
	s, err := p.client.Session(ctx, name)
	if err != nil {
		return err
	}
	host := s.Status.Sources[0].Host
	p.title("The path from %s to the receiver breaks; vSphere says nothing", host)
	if err := p.sim.BreakPath(host); err != nil {
		return err
	}
	if _, err := p.watch(ctx, name, state("lost"), p.patience); err != nil {
		return err
	}
	p.title("The path is mended")
	if err := p.sim.MendPath(host); err != nil {
		return err
	}
	_, err = p.watch(ctx, name, state("delivering"), p.patience)
	return err
}

func (p *play) disable(ctx context.Context) error {
	const name = "db-01-erspan3"
	p.title("Disable %s: its packets must stop", name)
	if _, err := p.client.Disable(ctx, name); err != nil {
		return err
	}
	p.say("POST /v1/sessions/%s:disable", name)
	_, err := p.watch(ctx, name, wanted{"being disabled on the switch", func(s wire.Session) bool {
		return s.Status.Verdict.State == "disabled" && s.Status.ObservedGeneration == s.Generation
	}}, p.patience)
	if err != nil {
		return err
	}
	return p.watchSilence(ctx, name, "web-02-erspan2")
}

// watchSilence looks whether a session's packets stay away while those of another go on arriving: silence alone could be a
// receiver that stopped. What was on its way when the session was disabled may still come at first.
func (p *play) watchSilence(ctx context.Context, name, other string) error {
	const settle, silence = 500 * time.Millisecond, 2 * time.Second
	if err := pause(ctx, settle); err != nil {
		return err
	}
	before, otherBefore, err := p.counted(ctx, name, other)
	if err != nil {
		return err
	}
	if err := pause(ctx, silence); err != nil {
		return err
	}
	after, otherAfter, err := p.counted(ctx, name, other)
	switch {
	case err != nil:
		return err
	case after != before:
		return fmt.Errorf("%d packets of the disabled session %s arrived within %s", after-before, name, silence)
	case otherAfter <= otherBefore:
		return fmt.Errorf("no packet of %s arrived either: the silence of %s proves nothing", other, name)
	}
	p.say("within %s: 0 packets of %s, %d of %s", silence, name, otherAfter-otherBefore, other)
	return nil
}

// counted returns how many packets of two sessions were received so far.
func (p *play) counted(ctx context.Context, a, b string) (uint64, uint64, error) {
	first, err := p.client.Evidence(ctx, a)
	if err != nil {
		return 0, 0, err
	}
	second, err := p.client.Evidence(ctx, b)
	return first.Evidence.Packets, second.Evidence.Packets, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
