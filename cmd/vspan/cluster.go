package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

func newClusterCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cluster",
		Short:   "List, add and remove the daemons that keep the state together",
		GroupID: groupOperate,
		Long: `cluster is about the members that keep what is asked for together. One member keeps it alone; three go on when one of them is
lost. From one to three: add one, start it, wait until it has its vote, add the next.`,
		Example: `  vspan cluster list
  vspan cluster add vspan-2 https://10.2.1.112:2380
  vspan cluster remove vspan-2`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newClusterListCommand(), newClusterAddCommand(), newClusterRemoveCommand())
	return cmd
}

func newClusterListCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:               "list",
		Aliases:           []string{"ls"},
		Short:             "List the members and how they are",
		Example:           "  vspan cluster list",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.Members(cmd.Context())
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			t := newTable(cmd.OutOrStdout(), "NAME", "ID", "ROLE", "HEALTHY", "PEERS REACH IT AT", "MESSAGE")
			for _, m := range all {
				t.row(m.Name, m.ID, role(m), yesNo(m.Healthy), strings.Join(m.PeerURLs, ","), m.Message)
			}
			return t.flush()
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// role is what a member is in the cluster.
func role(m wire.Member) string {
	switch {
	case m.Learner && m.Name == "":
		return "learner, not started yet"
	case m.Learner:
		return "learner"
	case m.Leader:
		return "leader"
	}
	return "member"
}

func newClusterAddCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "add NAME PEER-URL",
		Short: "Let one more daemon in, and print the command that starts it",
		Long: `add lets one more member into the cluster and prints the command to start it with on its machine. The PEER-URL is where the
other members will reach it.

It joins as a learner: it catches up and has no vote. The daemons promote it by themselves as soon as it has; 'vspan cluster list'
shows when it is no learner any more. Add the next one then.`,
		Example: "  vspan cluster add vspan-2 https://10.2.1.112:2380",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{errors.New("want NAME and PEER-URL, e.g. vspan-2 https://10.2.1.112:2380")}
			}
			return nil
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			joining, err := c.AddMember(cmd.Context(), wire.MemberInput{Name: args[0], PeerURLs: args[1:]})
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeJSON(cmd.OutOrStdout(), joining)
			}
			return printJoining(cmd.OutOrStdout(), joining)
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// printJoining prints the command that starts a new member, in a form that a shell can read.
func printJoining(w io.Writer, j wire.Joining) error {
	_, err := fmt.Fprintf(w, `# Start the new member on its machine, with an empty data directory and the flags for vCenter and receiver that it needs.
# It catches up as a learner and is promoted by itself.
vspan serve --data-dir /var/lib/vspan \
  --cluster-name %s \
  --cluster-peer-listen %s \
  --cluster-token %s \
  --cluster-members %s \
  --cluster-join
`, shellWord(j.Name), shellWord(strings.Join(j.PeerURLs, ",")), shellWord(j.Token), shellWord(j.InitialCluster))
	return err
}

// plainWord is what means the same to every shell, quoted or not.
var plainWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9._/:,=-]+$`) })

// shellWord is s as one word of a shell.
func shellWord(s string) string {
	s = printable(s)
	if plainWord().MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func newClusterRemoveCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "remove NAME",
		Aliases: []string{"rm"},
		Short:   "Take a member out of the cluster",
		Long: `remove takes a member, by its name or its id, out of the cluster. Stop its daemon then: it cannot come back with its old data,
but it can be added anew with an empty data directory.

The last member stays, and so does one without which the others would have no quorum.`,
		Example:           "  vspan cluster remove vspan-2",
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeMember,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			return failed(cmd, c.RemoveMember(cmd.Context(), args[0]))
		},
	}
}
