package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
)

// completeWithin bounds how long a shell waits for the daemon when Tab is pressed.
const completeWithin = time.Second

// names asks the daemon for names to complete with.
type names func(context.Context, *client.Client) ([]string, error)

// complete offers the names. A daemon that does not answer has none to offer: a completion has nowhere to say why.
func (ask names) complete(cmd *cobra.Command) ([]cobra.Completion, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
	defer cancel()
	c, err := connect(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found, err := ask(ctx, c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	found = slices.DeleteFunc(found, func(name string) bool { return name != printable(name) })
	slices.Sort(found)
	return slices.Compact(found), cobra.ShellCompDirectiveNoFileComp
}

// completeSession completes the one argument NAME.
func completeSession(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names(sessionNames).complete(cmd)
}

// completeSwitch completes the one argument SWITCH, and --switch.
func completeSwitch(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names(switchNames).complete(cmd)
}

// completeVM completes --vm with the VMs of the switch that the command line names, or of all.
func completeVM(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return names(func(ctx context.Context, c *client.Client) ([]string, error) {
		switches := args
		if cmd.Name() != "ports" || len(args) == 0 {
			var err error
			if switches, err = switchNames(ctx, c); err != nil {
				return nil, err
			}
		}
		var vms []string
		for _, name := range switches {
			ports, err := c.Ports(ctx, name, "", client.Look{})
			if err != nil {
				return nil, err
			}
			for _, p := range ports {
				if p.VM != "" {
					vms = append(vms, p.VM)
				}
			}
		}
		return vms, nil
	}).complete(cmd)
}

func sessionNames(ctx context.Context, c *client.Client) ([]string, error) {
	all, err := c.Sessions(ctx, client.Filter{})
	var found []string
	for _, s := range all {
		found = append(found, s.Name)
	}
	return found, err
}

func switchNames(ctx context.Context, c *client.Client) ([]string, error) {
	all, err := c.Switches(ctx, client.Look{})
	var found []string
	for _, s := range all {
		found = append(found, s.Name)
	}
	return found, err
}

// completeRequest completes the flags of "session create".
func completeRequest(cmd *cobra.Command) {
	for flag, choices := range map[string][]string{
		"direction":     {"both", "from-vm", "to-vm"},
		"encapsulation": {"erspan2", "erspan3", "gre"},
		"receiver":      {"local"},
		"expires":       {"never"},
		"on-drift":      {"repair", "report"},
	} {
		mustComplete(cmd, flag, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	}
	mustComplete(cmd, "vm", completeVM)
	mustComplete(cmd, "switch", func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeSwitch(cmd, nil, typed)
	})
}
