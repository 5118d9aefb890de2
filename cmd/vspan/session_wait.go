package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const (
	// lookFor is how long one request lets the daemon wait for the goal, and so how late other news can be.
	lookFor = time.Second
	// lookEvery is the pause between requests that the daemon answers at once.
	lookEvery = 250 * time.Millisecond
	// lookGrace is how long the last answer may take beyond the time that the daemon was given.
	lookGrace = 5 * time.Second
)

// waiting is for a session to come to a goal.
type waiting struct {
	get     func(ctx context.Context, wait time.Duration) (wire.Session, error) // returns when the goal is reached, or after wait
	goal    goal
	timeout time.Duration
	notes   io.Writer // is told of each change of the verdict
}

// run looks until the goal is reached, cannot be reached, or the time is up. The session is as it was last seen, whatever the
// error; its name is empty when it never was.
func (w waiting) run(ctx context.Context) (wire.Session, error) {
	limit, cancel := context.WithTimeout(ctx, w.timeout+lookGrace)
	defer cancel()
	deadline := time.Now().Add(w.timeout)
	var last wire.Session
	said := ""
	for {
		s, err := w.get(limit, max(min(lookFor, time.Until(deadline)), time.Millisecond))
		if err != nil {
			if limit.Err() != nil && ctx.Err() == nil && last.Name != "" {
				return last, w.goal.timeUp(last, w.timeout)
			}
			return last, err
		}
		last = s
		reached, err := w.goal.look(s)
		if err != nil {
			return s, err // it says what the news would be
		}
		if topic, news := newsOf(s); topic != said {
			said = topic
			fmt.Fprintf(w.notes, "%s: %s\n", s.Name, news)
		}
		if reached {
			return s, nil
		}
		left := time.Until(deadline)
		if left <= 0 {
			return s, w.goal.timeUp(s, w.timeout)
		}
		if err := pause(ctx, min(lookEvery, left)); err != nil {
			return s, err
		}
	}
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newsOf is what a person who waits wants to hear, once for each topic: the numbers in a sentence change all the time.
func newsOf(s wire.Session) (topic, news string) {
	c, v := conditionOf(s, mirror.ConditionApplied), s.Status.Verdict
	if c.Status != string(mirror.StatusTrue) {
		return c.Status + c.Reason, fmt.Sprintf("Applied=%s (%s): %s", c.Status, c.Reason, printable(c.Message))
	}
	return v.State + v.Reason, sentence(v)
}

// addTimeoutFlag gives cmd the flag --timeout.
func addTimeoutFlag(cmd *cobra.Command, timeout *time.Duration) {
	cmd.Flags().DurationVar(timeout, "timeout", 30*time.Second, "how long to wait")
}

func validTimeout(timeout time.Duration) error {
	if timeout <= 0 {
		return usageError{fmt.Errorf("--timeout %s: want more than 0", timeout)}
	}
	return nil
}

func newSessionWaitCommand() *cobra.Command {
	var output format
	var condition string
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait NAME",
		Short: "Wait until a session delivers",
		Long: `wait returns when the session has come to the condition, and says on the way how its verdict changes.

It exits with 0 when the condition holds; with 8 as soon as it is known that the session does not deliver, and why; with 6 when
the time is up before anything is known.`,
		Example: `  vspan session wait web-01
  vspan session wait web-01 --for Applied --timeout 10s`,
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			goal, err := parseGoal(condition)
			if err != nil {
				return err
			}
			if err := validTimeout(timeout); err != nil {
				return err
			}
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			return waitAndPrint(cmd, c, args[0], goal, timeout, output)
		},
	}
	addOutputFlag(cmd, &output)
	addTimeoutFlag(cmd, &timeout)
	cmd.Flags().StringVar(&condition, "for", string(mirror.ConditionDelivering), "the condition: Accepted, Applied, Delivering or Ready")
	mustComplete(cmd, "for", cobra.FixedCompletions(goals, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// waitAndPrint waits, and prints the session as it then is, reached or not.
func waitAndPrint(cmd *cobra.Command, c *client.Client, name string, g goal, timeout time.Duration, output format) error {
	get := func(ctx context.Context, wait time.Duration) (wire.Session, error) {
		s, _, err := c.Wait(ctx, name, string(g), wait)
		return s, err
	}
	s, err := waiting{get, g, timeout, cmd.ErrOrStderr()}.run(cmd.Context())
	switch {
	case err != nil && cmd.Context().Err() != nil:
		return exitWith(exitWaitNotMet, "interrupted before session %q was %s; it is left as it is", name, g)
	case s.Name == "":
		return failed(cmd, err)
	}
	return errors.Join(printSession(cmd, s, output), failed(cmd, err))
}
