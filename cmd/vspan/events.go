package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newEventsCommand() *cobra.Command {
	var output format
	var which client.Happenings
	cmd := &cobra.Command{
		Use:     "events",
		Short:   "Show what happened, and follow what happens",
		GroupID: groupOperate,
		Long: `events prints what is kept of the history of all sessions and of the daemon, the oldest first. With --follow it goes on with
what happens until it is interrupted. With -o json it prints one JSON object a line.

What is kept is bounded, and failures are kept longer than the rest.`,
		Example: `  vspan events --follow
  vspan events --session web-01
  vspan events -o json | jq -c 'select(.failure)'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			return followEvents(cmd, c, which, output)
		},
	}
	cmd.Flags().BoolVar(&which.Follow, "follow", false, "go on with what happens, until interrupted")
	cmd.Flags().StringVar(&which.Session, "session", "", "only of this session")
	cmd.Flags().Uint64Var(&which.After, "after", 0, "only those after the event with this number, which -o json shows as seq")
	addOutputFlag(cmd, &output)
	mustComplete(cmd, "session", func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeSession(cmd, nil, typed)
	})
	return cmd
}

// followEvents prints events as they come. To interrupt it is how following is meant to end.
func followEvents(cmd *cobra.Command, c *client.Client, which client.Happenings, output format) error {
	for e, err := range c.Events(cmd.Context(), which) {
		switch {
		case err != nil && which.Follow && cmd.Context().Err() != nil:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return fmt.Errorf("the daemon has ended the stream; go on with --after %d", which.After)
		case err != nil:
			return failed(cmd, err)
		}
		which.After = e.Seq
		if err := printEvent(cmd.OutOrStdout(), e, output); err != nil {
			return err
		}
	}
	return nil
}

// printEvent prints one event in one line. Columns cannot be aligned with what is still to come, so names have the room that most
// of them need.
func printEvent(w io.Writer, e wire.Event, output format) error {
	if output == formatJSON {
		line := json.NewEncoder(w)
		line.SetEscapeHTML(false)
		return line.Encode(e)
	}
	_, err := fmt.Fprintf(w, "%s  %-20s  %-11s  %-10s  %s\n", eventTime(e), orDash(subject(e)), orDash(e.Kind), orDash(e.Who), orDash(e.Message))
	return err
}

// subject is what an event happened to.
func subject(e wire.Event) string {
	if e.Session == "" && e.Switch != "" {
		return "switch " + e.Switch
	}
	return e.Session
}

func eventTime(e wire.Event) string { return e.At.UTC().Format(time.RFC3339) }

// orDash is a cell of a table without columns.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return printable(s)
}
