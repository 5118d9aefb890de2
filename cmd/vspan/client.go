//go:build client

// The client is what 'go build -tags client' makes: vspan with every command that asks a daemon or reads a file, for where no daemon is
// to run. It is a fifth as large, and starts in a quarter of the time.

package main

import "github.com/spf13/cobra"

const isClient = true

const (
	beginning = `This is the client: --server or VSPAN_SERVER says where the daemon is. The whole of vspan has it, and a simulated vCenter to try it
with: 'go install github.com/vspan-io/vspan/cmd/vspan@latest', then 'vspan demo'.`
	noDaemon = "say with --server or VSPAN_SERVER where one runs"
)

// runBranches are the commands that only the whole of vspan has, which say so.
func runBranches() (all []branch) {
	for _, name := range []string{"serve", "sim", "demo"} {
		all = append(all, branch{name: name, command: alone(func() *cobra.Command { return newMissingCommand(name) })})
	}
	return all
}

func newMissingCommand(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true, ValidArgsFunction: cobra.NoFileCompletions,
		Short: "Say that the client does not have this",
		RunE: func(*cobra.Command, []string) error {
			return exitWith(exitUsage, "this is the client of vspan, which has no %q: install the whole, 'go install github.com/vspan-io/vspan/cmd/vspan@latest'", name)
		},
	}
}
