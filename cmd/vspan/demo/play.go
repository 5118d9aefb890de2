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
	Out     io.Writer    // where the story is told
	Once    bool         // end after the last step instead of waiting for an interrupt
	Listen  string       // of the daemon; any free port is taken when it is not free
	Log     *slog.Logger // of the daemon
	Version string       // that the daemon says it has

	setStage medium        // nil: best
	patience time.Duration // for a verdict to come; 0: 15 s
}

// atMost is how long the demo may take when it is to end by itself: a step that hangs does not hold.
const atMost = 30 * time.Second

// play is a running demo.
type play struct {
	narrator
	*stage
	client *client.Client
	told   map[string]string // the verdict last told, by session

	patience time.Duration
}

// Run shows every step and then waits until ctx ends, or returns at once with Once. The error says which step did not hold.
func Run(ctx context.Context, o Options) error {
	if o.setStage == nil {
		o.setStage = best
	}
	if o.patience == 0 {
		o.patience = 15 * time.Second
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if o.Once {
		var release context.CancelFunc
		ctx, release = context.WithTimeout(ctx, atMost)
		defer release()
	}
	group, running := errgroup.WithContext(ctx)
	failed := make(chan error, 1)
	group.Go(func() error {
		defer stop() // the last step ends what runs beside it
		err := perform(running, group, o)
		failed <- err
		return err
	})
	err := group.Wait()
	played := <-failed
	switch {
	case played == nil:
		return err
	case o.Once && errors.Is(played, context.DeadlineExceeded):
		return fmt.Errorf("the demo did not come to its end within %s", atMost)
	case o.Once && errors.Is(played, context.Canceled) && errors.Is(err, context.Canceled):
		return errors.New("the demo was interrupted before its end")
	case errors.Is(played, context.Canceled) && errors.Is(err, context.Canceled):
		return nil // Ctrl-C, before the last step
	case errors.Is(played, context.Canceled):
		return err // a part of it failed, and that ended the play
	default:
		return played
	}
}

func perform(ctx context.Context, group *errgroup.Group, o Options) error {
	p := &play{narrator: narrator{w: o.Out, start: time.Now()}, told: make(map[string]string), patience: o.patience}
	p.title("A simulated vCenter, the daemon and its receiver, in this process")
	var err error
	if p.stage, err = newStage(ctx, group, o); err != nil {
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
	if once {
		p.title("Every step held")
		return nil
	}
	p.title("Every step held. Go on by hand")
	p.show(p.invitation())
	<-ctx.Done()
	return nil
}
