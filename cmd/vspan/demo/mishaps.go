package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

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
// receiver that stopped. What was on its way when the session was disabled may still come at first, and is counted at the next
// verdict, which comes once a second.
func (p *play) watchSilence(ctx context.Context, name, other string) error {
	const settle, silence = 1500 * time.Millisecond, 2 * time.Second
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
