package main

import "github.com/spf13/cobra"

// branch is a command below the root, with what is below it, which is not made before it is known to be wanted.
type branch struct {
	name    string
	command func() *cobra.Command
	brief   bool // it leaves nothing behind when it is ended at once
}

// branchOf is the one whose name a command line begins with.
func branchOf(args []string) (b branch, ok bool) {
	for _, b := range branches() {
		if len(args) > 0 && args[0] == b.name {
			return b, true
		}
	}
	return branch{}, false
}

// branches are all of them.
func branches() []branch {
	return append(runBranches(),
		branch{name: "version", command: alone(newVersionCommand), brief: true},
		branch{name: "inspect", command: alone(newInspectCommand), brief: true},
		branch{name: "healthcheck", command: newHealthcheckCommand},
		branch{name: "session", command: newSessionCommand},
		branch{name: "switches", command: newSwitchesCommand},
		branch{name: "ports", command: newPortsCommand},
		branch{name: "events", command: newEventsCommand},
		branch{name: "orphans", command: newOrphansCommand},
		branch{name: "cluster", command: newClusterCommand},
		branch{name: "doctor", command: newDoctorCommand},
		branch{name: "verify", command: newVerifyCommand},
		branch{name: "explain", command: newExplainCommand},
		branch{name: "unclaimed", command: newUnclaimedCommand},
		branch{name: "flows", command: newFlowsCommand},
		branch{name: "follow", command: newFollowCommand},
		branch{name: "talkers", command: newTalkersCommand},
		branch{name: "capture", command: newCaptureCommand},
		branch{name: "extcap", command: newExtcapCommand},
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
