package main

import "github.com/spf13/cobra"

// branch is a command below the root, with what is below it, which is not made before it is known to be wanted.
type branch struct {
	name    string
	command func() *cobra.Command
}

// isBrief reports whether a command line is of a command that leaves nothing behind when it is ended at once.
func isBrief(args []string) bool {
	return len(args) > 0 && (args[0] == "inspect" || args[0] == "version")
}

// branches are all of them.
func branches() []branch {
	return append(runBranches(),
		branch{"version", alone(newVersionCommand)},
		branch{"inspect", alone(newInspectCommand)},
		branch{"healthcheck", newHealthcheckCommand},
		branch{"session", newSessionCommand},
		branch{"switches", newSwitchesCommand},
		branch{"ports", newPortsCommand},
		branch{"events", newEventsCommand},
		branch{"orphans", newOrphansCommand},
		branch{"cluster", newClusterCommand},
		branch{"doctor", newDoctorCommand},
		branch{"verify", newVerifyCommand},
		branch{"explain", newExplainCommand},
		branch{"unclaimed", newUnclaimedCommand},
		branch{"flows", newFlowsCommand},
		branch{"follow", newFollowCommand},
		branch{"talkers", newTalkersCommand},
		branch{"capture", newCaptureCommand},
		branch{"extcap", newExtcapCommand},
	)
}

// alone is for a command that asks no daemon.
func alone(command func() *cobra.Command) func() *cobra.Command {
	return func() *cobra.Command {
		cmd := command()
		refuseServerFlag(cmd)
		return cmd
	}
}
