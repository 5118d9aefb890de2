package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/api/client"
)

// Options say how the demo runs.
type Options struct {
	Out    io.Writer    // where the story is told
	Once   bool         // end after the last step instead of waiting for an interrupt
	Listen string       // of the daemon; any free port is taken when it is not free
	Log    *slog.Logger // of the daemon
}

// play is a running demo.
type play struct {
	narrator
	*stage
	client *client.Client
	told   map[string]string // the verdict last told, by session
}

// Run shows every step and then waits until ctx ends, or returns at once with Once. The error says which step did not hold.
func Run(ctx context.Context, o Options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, running := errgroup.WithContext(ctx)
	failed := make(chan error, 1)
	group.Go(func() error {
		defer stop() // the last step ends what runs beside it
		err := perform(running, group, o)
		failed <- err
		return err
	})
	err := group.Wait()
	if played := <-failed; played != nil && !errors.Is(played, context.Canceled) {
		return played
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func perform(ctx context.Context, group *errgroup.Group, o Options) error {
	p := &play{narrator: narrator{w: o.Out, start: time.Now()}, told: make(map[string]string)}
	p.title("A simulated vCenter, the daemon and its receiver, in this process")
	var err error
	if p.stage, err = newStage(ctx, group, o.Listen, o.Log); err != nil {
		return err
	}
	group.Go(func() error { return p.daemon.Run(ctx) })
	select {
	case <-p.daemon.Ready():
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.client, err = client.New(p.daemon.URL(), nil); err != nil {
		return err
	}
	p.say("user %d; packets travel through %s", os.Geteuid(), p.medium)
	p.say("vCenter %s, daemon %s", p.sim.URL(), p.daemon.URL())
	for _, step := range steps {
		if err := step.act(p, ctx); err != nil {
			if ctx.Err() != nil {
				return err
			}
			p.say("NOT AS IT SHOULD BE: %v", err)
			return fmt.Errorf("the demo's step %d (%s) did not hold: %w", p.step, step.name, err)
		}
	}
	return p.finish(ctx, o.Once)
}

// finish tells how to go on.
func (p *play) finish(ctx context.Context, once bool) error {
	p.title("Every step held. Go on by hand")
	if once {
		return nil
	}
	p.show(p.invitation())
	<-ctx.Done()
	return nil
}
