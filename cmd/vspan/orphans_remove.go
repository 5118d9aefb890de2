package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// orphanRemoval is what the flags of "orphans remove" ask for.
type orphanRemoval struct {
	all, yes, noWait bool
	timeout          time.Duration
}

func newOrphansRemoveCommand() *cobra.Command {
	var r orphanRemoval
	cmd := &cobra.Command{
		Use:     "remove UID...",
		Aliases: []string{"rm"},
		Short:   "Take orphans off their switches",
		Long: `remove shows the orphans, asks whether they are to go, and returns when their switches have been read and do not have them any
more. It exits with 6 when the time is up before; the daemon goes on trying. Without a terminal to ask on it does nothing, unless
--yes is said.`,
		Example: `  vspan orphans remove 7b1f9a52-6f0e-4c0e-9d0c-5f0b8a3f6a11
  vspan orphans remove --all --yes`,
		Args: func(cmd *cobra.Command, args []string) error {
			if r.all && len(args) > 0 {
				return usageError{errors.New("--all and a UID: want one of them")}
			}
			if r.all {
				return nil
			}
			return someUIDs(cmd, args)
		},
		ValidArgsFunction: completeOrphans,
		RunE:              func(cmd *cobra.Command, uids []string) error { return r.run(cmd, uids) },
	}
	cmd.Flags().BoolVar(&r.all, "all", false, "all orphans of this installation")
	cmd.Flags().BoolVar(&r.noWait, "no-wait", false, "return as soon as the daemon has taken the request")
	addYesFlag(cmd, &r.yes)
	addTimeoutFlag(cmd, &r.timeout)
	return cmd
}

func (r orphanRemoval) run(cmd *cobra.Command, uids []string) error {
	if err := validTimeout(r.timeout); err != nil {
		return err
	}
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	those, err := r.those(cmd, c, uids)
	if err != nil {
		return err
	}
	if len(those) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "there are no orphans")
		return nil
	}
	if !r.yes {
		if err := printOrphans(cmd.ErrOrStderr(), those, false, time.Now()); err != nil {
			return err
		}
		if err := confirm(cmd, fmt.Sprintf("Take %d orphan(s) off their switches?", len(those))); err != nil {
			return err
		}
	}
	asked, err := removeOrphans(cmd, c, those)
	if r.noWait || len(asked) == 0 {
		return err
	}
	return errors.Join(err, failed(cmd, awaitGone(cmd.Context(), c, asked, r.timeout)))
}

func (r orphanRemoval) those(cmd *cobra.Command, c *client.Client, uids []string) ([]wire.Orphan, error) {
	if !r.all {
		return chosen(cmd, c, withoutRepetition(uids))
	}
	found, _, err := c.Orphans(cmd.Context())
	return found, failed(cmd, err)
}

// removeOrphans asks for each to be removed and returns the UIDs of those for which that was taken.
func removeOrphans(cmd *cobra.Command, c *client.Client, those []wire.Orphan) (asked []string, err error) {
	for _, o := range those {
		if failure := c.RemoveOrphan(cmd.Context(), o.UID); failure != nil {
			return asked, fmt.Errorf("remove orphan %q: %w", o.UID, failed(cmd, failure))
		}
		asked = append(asked, o.UID)
	}
	return asked, nil
}

// awaitGone returns when the sessions that stand for removed orphans are gone.
func awaitGone(ctx context.Context, c *client.Client, uids []string, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for _, uid := range uids {
		name := mirror.NameForOrphan(uid)
		for {
			s, err := c.Session(ctx, name)
			if isNotFound(err) || err == nil && s.UID != uid {
				break
			}
			if err != nil {
				return err
			}
			if time.Now().After(deadline) {
				_, news := newsOf(s)
				return exitWith(exitWaitNotMet, "orphan %q is not gone after %s: %s", uid, timeout, news)
			}
			if err := pause(ctx, lookEvery); err != nil {
				return err
			}
		}
	}
	return nil
}
