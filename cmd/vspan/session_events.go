package main

import (
	"slices"

	"github.com/spf13/cobra"
)

func newSessionEventsCommand() *cobra.Command {
	var output format
	var uid string
	cmd := &cobra.Command{
		Use:   "events NAME",
		Short: "Show what happened to a session: what, when, who, why",
		Long: `events prints the history of a session, the newest last; with -o json as the API has it, the newest first. What is kept is bounded,
and failures are kept longer than the rest.

Names are given away again. The history of a session that is gone is found with its uid, which 'vspan events -o json' shows.`,
		Example: `  vspan session events web-01
  vspan session events web-01 -o json | jq '.items[] | select(.failure)'`,
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.SessionEvents(cmd.Context(), args[0], uid)
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			t := newTable(cmd.OutOrStdout(), "TIME", "KIND", "WHO", "MESSAGE")
			for _, e := range slices.Backward(all) {
				t.row(eventTime(e), e.Kind, e.Who, e.Message)
			}
			return t.flush()
		},
	}
	addOutputFlag(cmd, &output)
	cmd.Flags().StringVar(&uid, "uid", "", "of the session that has this uid, and may be gone")
	mustComplete(cmd, "uid", cobra.NoFileCompletions)
	return cmd
}
