package main

import (
	"github.com/spf13/cobra"
)

func newRootCommand() *cobra.Command {
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
	for _, alone := range append(newRunCommands(), newVersionCommand(), newInspectCommand()) {
		refuseServerFlag(alone)
		root.AddCommand(alone)
	}
	root.AddCommand(newHealthcheckCommand(), newSessionCommand(), newSwitchesCommand(), newPortsCommand(), newEventsCommand())
	root.AddCommand(newOrphansCommand(), newClusterCommand(), newDoctorCommand(), newVerifyCommand())
	root.AddCommand(newExplainCommand(), newUnclaimedCommand())
	root.AddCommand(newFlowsCommand(), newFollowCommand(), newTalkersCommand())
	root.AddCommand(newCaptureCommand(), newExtcapCommand())
	addServerFlag(root)
	return root
}

// The groups of commands in the help.
const (
	groupOperate = "operate"
	groupRun     = "run"
)
