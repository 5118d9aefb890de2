package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stretches is in how many pieces the packets of a trial are sent when contenders are measured side by side. What else a machine does goes
// on for seconds and comes to all of them then, in much the same measure.
const stretches = 3

// leadIn is how long packets are sent before the clocks of a stretch run: a receiver works off what came a moment ago, and leaves as much
// at the end of a stretch as it had to do at its beginning.
const leadIn = 100 * time.Millisecond

// runner is a contender that listens on a link of its own while others do on theirs.
type runner struct {
	contender
	field *field
	listener
	trial  trial
	before int // packets that were sent and not clocked
}

// sideBySide measures contenders in rounds. In each of them all begin anew, and n packets are sent to each at the rate, in stretches by
// turns. The trials are by contender. What is compared are stretches: there are more of them than rounds, and each lies nearer to its rival's.
func sideBySide(ctx context.Context, sent load, rounds, n int, rate float64, contenders ...contender) (turns []series, err error) {
	runners := make([]*runner, len(contenders))
	for i, c := range contenders {
		r := &runner{contender: c}
		if r.field, err = newField(sent); err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, r.field.close()) }()
		runners[i] = r
	}
	turns = make([]series, len(contenders))
	for range rounds {
		if err := oneRound(ctx, runners, n, rate); err != nil {
			return nil, err
		}
		for i, r := range runners {
			turns[i] = append(turns[i], r.trial)
		}
	}
	return turns, nil
}

func oneRound(ctx context.Context, runners []*runner, n int, rate float64) (err error) {
	for _, r := range runners {
		if err := r.start(ctx, rate); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.end(ctx)) }()
	}
	for i := range stretches {
		for _, r := range runners {
			if err := r.run(ctx, n*(i+1)/stretches-n*i/stretches, rate); err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
		}
	}
	time.Sleep(draining)
	return nil
}

// start starts the contender and shows it what it learns from.
func (r *runner) start(ctx context.Context, rate float64) (err error) {
	r.trial, r.before = trial{}, 0
	if r.listener, err = r.contender.start(ctx, r.field.link); err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	time.Sleep(resting)
	if r.before, err = r.field.show(ctx, r.contender, rate); err != nil {
		_, stopped := r.stop()
		return fmt.Errorf("%s: %w", r.name, errors.Join(err, stopped))
	}
	return nil
}

// run sends one stretch.
func (r *runner) run(ctx context.Context, n int, rate float64) error {
	led, err := r.field.sender.Send(ctx, int(rate*leadIn.Seconds()), rate)
	r.before += led.Packets
	if err != nil {
		return err
	}
	return r.field.clock(ctx, &r.trial, r.pid(), n, rate, 0)
}

// end stops the contender, and takes what it says of itself into the trial.
func (r *runner) end(ctx context.Context) (err error) {
	if r.trial.heard, err = r.stop(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	r.trial.heard.Packets -= r.before
	return nil
}
