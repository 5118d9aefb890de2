package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
)

func newSessionExtendCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "extend NAME DURATION",
		Short: "Give a session more time",
		Long: `extend adds DURATION to what is left of a session's time. A session whose time is up, and that is still there, lives again from now.
The daemon's longest life holds here too, counted from now.`,
		Example: "  vspan session extend web-01 1h",
		Args: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return usageError{errors.New("which NAME?")}
			case 1:
				return usageError{errors.New("by which DURATION? e.g. 1h30m")}
			case 2:
				return nil
			}
			return usageError{fmt.Errorf("one NAME at a time: %q is too much", args[2])}
		},
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			by, err := time.ParseDuration(args[1])
			if err != nil || by < time.Second {
				return usageError{fmt.Errorf("DURATION %q: want at least 1s, e.g. 1h30m", args[1])}
			}
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			s, err := c.Extend(cmd.Context(), args[0], by, client.Precondition{})
			if err != nil {
				return failed(cmd, err)
			}
			return printOutcome(cmd, c, s, output)
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}
