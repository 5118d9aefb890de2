package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newOrphansCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "orphans",
		Aliases: []string{"orphan"},
		Short:   "Look after what stands on the switches and belongs to no session",
		GroupID: groupOperate,
		Long: `An orphan is a session on a switch that bears this installation's marker and that no session of the daemon asks for: its
record is lost, or somebody copied it. vspan leaves it alone until its expiry, because what it mirrors may be wanted.

Adopt it to keep it, remove it to end it. Look at its ports first: vCenter gives freed ports to other VMs, so that an orphan may
mirror somebody who was never meant.`,
		Example: `  vspan orphans list
  vspan orphans adopt 7b1f9a52-6f0e-4c0e-9d0c-5f0b8a3f6a11
  vspan orphans remove --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newOrphansListCommand(), newOrphansAdoptCommand(), newOrphansRemoveCommand())
	return cmd
}

func newOrphansListCommand() *cobra.Command {
	var output format
	var ofOthers bool
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the orphans and whose traffic they mirror now",
		Long: `list shows the orphans of this installation with the VMs that have their ports now, and says who else has sessions on the
switches. Whoever lost his data directory finds the name of his old installation there: a daemon that is started with that name
again has its orphans to adopt. With --others it shows what those other installations have; vspan never touches it.`,
		Example: `  vspan orphans list
  vspan orphans list -o json | jq -r '.items[] | select(.enabled) | .uid'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			read := c.Orphans
			if ofOthers {
				read = c.OthersSessions
			}
			found, others, err := read(cmd.Context())
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeJSON(cmd.OutOrStdout(), struct {
					Items  []wire.Orphan            `json:"items"`
					Others []wire.OtherInstallation `json:"others"`
				}{found, others})
			}
			if !ofOthers {
				mentionOthers(cmd.ErrOrStderr(), others)
			}
			return printOrphans(cmd.OutOrStdout(), found, ofOthers, time.Now())
		},
	}
	addOutputFlag(cmd, &output)
	cmd.Flags().BoolVar(&ofOthers, "others", false, "show the sessions of other installations instead")
	return cmd
}

// mentionOthers says who else has sessions on the switches.
func mentionOthers(w io.Writer, others []wire.OtherInstallation) {
	for _, o := range others {
		fmt.Fprintf(w, "%s of vCenter %s has %d session(s) marked by installation %q. If that is the old name of this one, start the daemon with it again; to see them say --others.\n",
			printable(o.Switch), printable(o.VCenter), o.Sessions, o.Owner)
	}
}

func printOrphans(w io.Writer, found []wire.Orphan, withOwner bool, now time.Time) error {
	columns := []string{"UID", "SWITCH", "KEY", "NAME", "MIRRORS NOW", "SENT TO", "ID", "ENABLED", "EXPIRES"}
	if withOwner {
		columns = append([]string{"INSTALLATION"}, columns...)
	}
	t := newTable(w, columns...)
	for _, o := range found {
		id := ""
		if o.ERSPANID != 0 {
			id = strconv.Itoa(o.ERSPANID)
		}
		cells := []string{
			o.UID, o.Switch, o.Key, o.Name, mirroredNow(o.Sources), strings.Join(o.Destinations, ","), id, yesNo(o.Enabled),
			expiry(wire.Session{ExpiresAt: o.ExpiresAt}, now),
		}
		if withOwner {
			cells = append([]string{o.Owner}, cells...)
		}
		t.row(cells...)
	}
	return t.flush()
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// maxPortsShown is how many ports a row names.
const maxPortsShown = 4

// mirroredNow names who has the ports of an orphan.
func mirroredNow(sources []wire.OrphanSource) string {
	var names []string
	for _, s := range sources {
		name := cmp.Or(s.VM, "port:"+s.PortKey+" (nobody)")
		if kind := connecteeInWords(wire.Port{Connectee: s.Connectee}); kind != "" {
			name = "port:" + s.PortKey + " " + kind
		}
		if s.Direction != "both" {
			name += " " + s.Direction
		}
		names = append(names, name)
	}
	if more := len(names) - maxPortsShown; more > 0 {
		names = append(names[:maxPortsShown], fmt.Sprintf("+%d", more))
	}
	return strings.Join(names, ", ")
}

// chosen returns the orphans of these UIDs, or that one of them is none.
func chosen(cmd *cobra.Command, c *client.Client, uids []string) ([]wire.Orphan, error) {
	found, _, err := c.Orphans(cmd.Context())
	if err != nil {
		return nil, failed(cmd, err)
	}
	var those []wire.Orphan
	for _, uid := range uids {
		n := len(those)
		for _, o := range found {
			if o.UID == uid {
				those = append(those, o)
			}
		}
		if len(those) == n {
			return nil, exitWith(exitNotFound, "there is no orphan %q of this installation; 'vspan orphans list' shows those there are", uid)
		}
	}
	return those, nil
}
