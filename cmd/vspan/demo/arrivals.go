package demo

import (
	"context"
	"fmt"

	"github.com/vspan-io/vspan/api/wire"
)

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
