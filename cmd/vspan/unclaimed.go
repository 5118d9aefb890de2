package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

func newUnclaimedCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:     "unclaimed",
		Short:   "List mirror packets that belong to no session, and whose they may be",
		GroupID: groupOperate,
		Long: `unclaimed lists the mirror packets that arrive and belong to no session, by sender, encapsulation and id, with a guess whose they are:
a session on the switches that is not vspan's, an orphan, one of vspan's that is gone or does not stand as asked yet, another device.
Nothing is done because of a guess. Those that send most come first.`,
		Example: `  vspan unclaimed
  vspan unclaimed -o json | jq '.items[] | select(.guess.kind == "foreign_session")'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.Unclaimed(cmd.Context())
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			slices.SortStableFunc(all, func(a, b wire.Unclaimed) int { return cmp.Compare(b.Packets, a.Packets) })
			t := newTable(cmd.OutOrStdout(), "SENDER", "HOST", "SENT TO", "WRAPPED", "PACKETS", "PER SECOND", "LAST", "GUESS", "WHY")
			for _, u := range all {
				t.row(u.Exporter, u.Guess.Host, u.Receiver, wrapping(u), strconv.FormatUint(u.Packets, 10), rate(u.PacketsPerSecond),
					span(time.Since(u.LastPacketAt))+" ago", u.Guess.Kind, u.Guess.Message)
			}
			return t.flush()
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// wrapping is the encapsulation of packets, with the id if it bears one.
func wrapping(u wire.Unclaimed) string {
	if u.Encapsulation == "erspan2" || u.Encapsulation == "erspan3" {
		return fmt.Sprintf("%s id %d", u.Encapsulation, u.ERSPANID)
	}
	return u.Encapsulation
}
