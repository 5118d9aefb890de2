package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

func newSwitchesReleaseCommand() *cobra.Command {
	var output format
	var look client.Look
	var yes bool
	cmd := &cobra.Command{
		Use:   "release NAME",
		Short: "Let the removals be made that are held back on a switch",
		Long: `vspan does not take most of what it has on a switch off at once because of what vCenter shows: it is likelier that what was
read is wrong than that all of it is gone. It holds such removals back until a person has looked.

release shows them, asks, and lets them be made, once. Look at vCenter first: if VMs are missing there that should not be, mend
that instead, and what is held is forgotten. Without a terminal to ask on it does nothing, unless --yes is said.`,
		Example:           "  vspan switches release DVS0",
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSwitch,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			held, err := c.Held(cmd.Context(), args[0], look)
			if err != nil {
				return failed(cmd, err)
			}
			if len(held) > 0 && !yes {
				if err := printHeld(cmd.ErrOrStderr(), held); err != nil {
					return err
				}
				if err := confirm(cmd, fmt.Sprintf("Let these %d changes be made on %s?", len(held), args[0])); err != nil {
					return err
				}
			}
			n := 0
			if len(held) > 0 {
				if n, err = c.Release(cmd.Context(), args[0], look.VCenter); err != nil {
					return failed(cmd, err)
				}
			}
			if output == formatJSON {
				return writeJSON(cmd.OutOrStdout(), wire.Release{Released: n})
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d held back on %s, %d released\n", len(held), printable(args[0]), n)
			return nil
		},
	}
	addOutputFlag(cmd, &output)
	addYesFlag(cmd, &yes)
	cmd.Flags().StringVar(&look.VCenter, "vcenter", "", "the switch of this vCenter, by the name the daemon has for it")
	return cmd
}

func printHeld(w io.Writer, held []wire.Operation) error {
	t := newTable(w, "CHANGE", "SESSION", "KEY", "PORTS", "WHY")
	for _, h := range held {
		ports := append(append([]string{}, h.Session.FromVM...), h.Session.ToVM...)
		t.row(h.Operation, h.Session.Name, h.Session.Key, strings.Join(withoutRepetition(ports), ","), h.Why)
	}
	return t.flush()
}

// mentionHeld says which switches have something held back.
func mentionHeld(w io.Writer, all []wire.Switch) {
	for _, s := range all {
		if s.Held > 0 {
			fmt.Fprintf(w, "%s of vCenter %s: %d removals are held back until a person has looked: 'vspan switches release %s'\n",
				printable(s.Name), printable(s.VCenter), s.Held, printable(s.Name))
		}
	}
}
