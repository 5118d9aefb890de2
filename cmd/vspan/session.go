package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newSessionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "session",
		Aliases: []string{"sessions"},
		Short:   "Create, watch and remove mirror sessions",
		GroupID: groupOperate,
		Long: `session asks the daemon for mirrors and says whether they deliver.

The daemon is looked for at --server, at the environment's VSPAN_SERVER, or at ` + defaultServer + `.`,
		Example: `  vspan session create --vm web-01 --for 1h --wait
  vspan session get web-01
  vspan session delete web-01`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newSessionCreateCommand(), newSessionGetCommand(), newSessionListCommand(), newSessionWaitCommand(),
		newSessionEnableCommand(), newSessionDisableCommand(), newSessionExtendCommand(), newSessionDeleteCommand(),
		newSessionEventsCommand(),
	)
	return cmd
}

func newSessionEnableCommand() *cobra.Command {
	return newSessionSwitchCommand("enable", "Mirror again", func(ctx context.Context, c *client.Client, name string) (wire.Session, error) {
		return c.Enable(ctx, name)
	})
}

func newSessionDisableCommand() *cobra.Command {
	return newSessionSwitchCommand("disable", "Stop mirroring and keep the session", func(ctx context.Context, c *client.Client, name string) (wire.Session, error) {
		return c.Disable(ctx, name)
	})
}

// newSessionSwitchCommand makes a command that changes a session by its name.
func newSessionSwitchCommand(verb, short string, do func(context.Context, *client.Client, string) (wire.Session, error)) *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:               verb + " NAME",
		Short:             short,
		Example:           "  vspan session " + verb + " web-01",
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			s, err := do(cmd.Context(), c, args[0])
			if err != nil {
				return failed(cmd, err)
			}
			return printOutcome(cmd, c, s, output)
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

func newSessionDeleteCommand() *cobra.Command {
	var noWait, damaged bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:     "delete NAME",
		Aliases: []string{"rm"},
		Short:   "Remove a session from its switch and forget it",
		Long: `delete asks for the session to be removed, and returns when the switch has been read and does not have it any more. It
exits with 6 when the time is up before; the daemon goes on trying.

A session whose record cannot be read is given up with --damaged: the record is forgotten, and what stands on the switch stays
there, as an orphan.`,
		Example:           "  vspan session delete web-01",
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := validTimeout(timeout); err != nil {
				return err
			}
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			if damaged {
				return discardDamaged(cmd, c, args[0])
			}
			if noWait {
				_, err := c.Delete(cmd.Context(), args[0], 0)
				return failed(cmd, err)
			}
			return failed(cmd, remove(cmd.Context(), c, args[0], timeout))
		},
	}
	cmd.Flags().BoolVar(&noWait, "no-wait", false, "return as soon as the daemon has taken the request")
	cmd.Flags().BoolVar(&damaged, "damaged", false, "forget a record that cannot be read; the switch is left as it is")
	addTimeoutFlag(cmd, &timeout)
	return cmd
}

// remove deletes a session and returns when it is off its switch.
func remove(ctx context.Context, c *client.Client, name string, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for asked := false; ; asked = true {
		gone, err := c.Delete(ctx, name, max(time.Until(deadline), time.Millisecond))
		switch {
		case gone, asked && isNotFound(err):
			return nil
		case err != nil:
			return err
		case time.Until(deadline) <= 0:
			return stillThere(ctx, c, name, timeout)
		}
		if err := pause(ctx, lookEvery); err != nil {
			return err
		}
	}
}

// stillThere says why a session is not gone.
func stillThere(ctx context.Context, c *client.Client, name string, waited time.Duration) error {
	s, err := c.Session(ctx, name)
	switch {
	case isNotFound(err):
		return nil
	case err != nil:
		return err
	}
	_, news := newsOf(s)
	return exitWith(exitWaitNotMet, "session %q is not gone after %s: %s", name, waited, news)
}

// isNotFound reports whether the daemon says that there is no such thing.
func isNotFound(err error) bool {
	p, ok := errors.AsType[*wire.Problem](err)
	return ok && p.Status == http.StatusNotFound
}
