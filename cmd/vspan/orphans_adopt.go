package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func newOrphansAdoptCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "adopt UID...",
		Short: "Keep orphans as they stand, each as a session of its own",
		Long: `adopt makes a session of each orphan: its name, expiry and destination are those it has on the switch, its sources the VMs
that have its ports now. Ports that nobody has, or that must not be mirrored, are left out, and said.`,
		Example:           "  vspan orphans adopt 7b1f9a52-6f0e-4c0e-9d0c-5f0b8a3f6a11",
		Args:              someUIDs,
		ValidArgsFunction: completeOrphans,
		RunE: func(cmd *cobra.Command, uids []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			if _, err := chosen(cmd, c, uids); err != nil {
				return err
			}
			var adopted []wire.Session
			for _, uid := range withoutRepetition(uids) {
				a, failure := c.Adopt(cmd.Context(), uid)
				if failure != nil {
					err = fmt.Errorf("adopt orphan %q: %w", uid, failed(cmd, failure))
					break
				}
				adopted = append(adopted, a.Session)
				if len(a.LeftPorts) > 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: without the ports %s, which nobody has or which must not be mirrored\n", a.Session.Name, printable(strings.Join(a.LeftPorts, ", ")))
				}
			}
			lookAgain(cmd.Context(), c, adopted)
			if output == formatJSON {
				return errors.Join(writeItems(cmd.OutOrStdout(), adopted), err)
			}
			if len(adopted) == 0 {
				return err
			}
			return errors.Join(printSessionTable(cmd.OutOrStdout(), adopted, time.Now()), err)
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// lookAgain replaces sessions that were just made by what the daemon has come to know of them a moment later.
func lookAgain(ctx context.Context, c *client.Client, sessions []wire.Session) {
	deadline := time.Now().Add(soon)
	for i, s := range sessions {
		if later, _, err := c.Wait(ctx, s.Name, string(mirror.ConditionReady), max(time.Until(deadline), time.Millisecond)); err == nil {
			sessions[i] = later
		}
	}
}

// someUIDs wants one argument at least.
func someUIDs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("which UID?")}
	}
	return nil
}

func withoutRepetition(uids []string) []string {
	var once []string
	for _, uid := range uids {
		if !slices.Contains(once, uid) {
			once = append(once, uid)
		}
	}
	return once
}
