package demo

import (
	"context"
	"errors"
	"fmt"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// probe proves a mirror of which nothing would come by itself.
func (p *play) probe(ctx context.Context) (err error) {
	const name = "client-01"
	p.title("%s says nothing, and nothing is said to it: does its mirror deliver?", name)
	if err := p.sim.Quiet(name, true); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.sim.Quiet(name, false)) }()
	if _, _, err := p.client.Put(ctx, name, wire.SessionInput{Spec: wire.Spec{Sources: []wire.Source{{VM: name}}, ExpiresIn: "1h"}}, client.Precondition{}); err != nil {
		return fmt.Errorf("creating %s: %w", name, err)
	}
	if _, met, err := p.client.Wait(ctx, name, string(mirror.ConditionApplied), p.patience); err != nil {
		return err
	} else if !met {
		return fmt.Errorf("session %s did not come to stand on the switch within %s", name, p.patience)
	}
	v, err := p.client.Verify(ctx, name, client.Verification{})
	switch {
	case err != nil:
		return err
	case v.Result != mirror.ProbeProved.String():
		return fmt.Errorf("session %s is %s: %s", name, v.Result, v.Message)
	}
	p.say("POST /v1/sessions/%s:verify", name)
	p.say("%s: %s", v.Result, v.Message)
	_, err = p.client.Delete(ctx, name, p.patience)
	return err
}
