package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newSwitchesCommand() *cobra.Command {
	var output format
	var look client.Look
	cmd := &cobra.Command{
		Use:     "switches",
		Short:   "List the distributed switches and what they can mirror",
		GroupID: groupOperate,
		Example: `  vspan switches
  vspan switches release DVS0
  vspan switches -o json | jq '.items[].capabilities'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.Switches(cmd.Context(), look)
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			mentionHeld(cmd.ErrOrStderr(), all)
			t := newTable(cmd.OutOrStdout(), "NAME", "VCENTER", "VERSION", "HOSTS", "L3 SOURCE", "ERSPAN", "NETSTACK", "CONFIG VERSION")
			for _, s := range all {
				t.row(s.Name, s.VCenter, s.Version, connectedHosts(s.Hosts), s.Capabilities.L3Source, s.Capabilities.ERSPAN, s.Capabilities.Netstack, s.ConfigVersion)
			}
			return t.flush()
		},
	}
	addOutputFlag(cmd, &output)
	addLookFlags(cmd, &look)
	cmd.AddCommand(newSwitchesReleaseCommand())
	return cmd
}

// addLookFlags gives cmd the flags that say which vCenter is looked at, and how.
func addLookFlags(cmd *cobra.Command, look *client.Look) {
	cmd.Flags().StringVar(&look.VCenter, "vcenter", "", "only this vCenter, by the name the daemon has for it")
	cmd.Flags().BoolVar(&look.Fresh, "fresh", false, "have the daemon read vCenter now, rather than show what it read last")
}

// connectedHosts is a number of hosts, with those that are not connected.
func connectedHosts(hosts []wire.Host) string {
	away := 0
	for _, h := range hosts {
		if !h.Connected {
			away++
		}
	}
	if away > 0 {
		return fmt.Sprintf("%d, %d not connected", len(hosts), away)
	}
	return fmt.Sprint(len(hosts))
}
