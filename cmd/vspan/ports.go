package main

import (
	"cmp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newPortsCommand() *cobra.Command {
	var output format
	var look client.Look
	var vm string
	cmd := &cobra.Command{
		Use:     "ports SWITCH",
		Short:   "List the ports of a switch, what is connected to them and who mirrors them",
		GroupID: groupOperate,
		Example: `  vspan ports DVS0
  vspan ports DVS0 --vm web-01 -o json | jq -r '.items[].portKey'`,
		Args:              oneArgument("SWITCH"),
		ValidArgsFunction: completeSwitch,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.Ports(cmd.Context(), args[0], vm, look)
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			t := newTable(cmd.OutOrStdout(), "PORT", "VM", "NIC", "MAC", "PORTGROUP", "HOST", "LINK", "MIRRORED BY")
			for _, p := range all {
				t.row(p.PortKey, cmp.Or(p.VM, connecteeInWords(p)), p.NIC, p.MAC, p.Portgroup, p.Host, link(p), strings.Join(p.MirroredBy, ","))
			}
			return t.flush()
		},
	}
	addOutputFlag(cmd, &output)
	addLookFlags(cmd, &look)
	cmd.Flags().StringVar(&vm, "vm", "", "only the ports of this VM")
	mustComplete(cmd, "vm", completeVM)
	return cmd
}

// connecteeInWords says what is connected to a port that is no VM.
func connecteeInWords(p wire.Port) string {
	switch p.Connectee {
	case "hostVmkVnic":
		return "(vmkernel adapter)"
	case "pnic":
		return "(uplink)"
	}
	return ""
}

func link(p wire.Port) string {
	switch {
	case !p.Connected:
		return "not connected"
	case p.LinkUp:
		return "up"
	}
	return "down"
}
