package main

import (
	"github.com/spf13/cobra"
)

// newRootCommand is vspan with all its commands.
func newRootCommand() *cobra.Command { return newRootCommandOf(branches()) }

// newRootCommandFor is vspan for one command line. Where that begins with the name of a command, nothing shows of the others, and they
// are left out: to make them takes longer than many a command runs. Help, completion and what is misspelt need them all.
func newRootCommandFor(args []string) *cobra.Command {
	if b, ok := branchOf(args); ok {
		return newRootCommandOf([]branch{b})
	}
	return newRootCommand()
}

func newRootCommandOf(branches []branch) *cobra.Command {
	root := &cobra.Command{
		Use:   "vspan",
		Short: "Port mirroring on vSphere that can be trusted",
		Long: `vspan creates Encapsulated Remote Mirroring (L3) sessions on vSphere distributed switches, receives what they
mirror, and says for each session whether it delivers, and if not, what is broken.

` + beginning,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddGroup(
		&cobra.Group{ID: groupOperate, Title: "Ask and look:"},
		&cobra.Group{ID: groupRun, Title: "Run:"},
	)
	for _, b := range branches {
		root.AddCommand(b.command())
	}
	addServerFlag(root)
	return root
}

// The groups of commands in the help.
const (
	groupOperate = "operate"
	groupRun     = "run"
)
