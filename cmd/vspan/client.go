//go:build client

// The client is what 'go build -tags client' makes: vspan with every command that asks a daemon or reads a file, for where no daemon is
// to run. It is a fifth as large, and starts in a quarter of the time.

package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api/wire"
)

const isClient = true

const beginning = `This is the client: --server or VSPAN_SERVER says where the daemon is. The whole of vspan has it, and a simulated vCenter to try it
with: 'go install github.com/vspan-io/vspan/cmd/vspan@latest', then 'vspan demo'.`

// newRunCommands are the commands that only the whole of vspan has, which say so.
func newRunCommands() (all []*cobra.Command) {
	for _, name := range []string{"serve", "sim", "demo"} {
		all = append(all, &cobra.Command{
			Use: name, Hidden: true, DisableFlagParsing: true, ValidArgsFunction: cobra.NoFileCompletions,
			Short: "Say that the client does not have this",
			RunE: func(*cobra.Command, []string) error {
				return exitWith(exitUsage, "this is the client of vspan, which has no %q: install the whole, 'go install github.com/vspan-io/vspan/cmd/vspan@latest'", name)
			},
		})
	}
	return all
}

const (
	standaloneExample = ""
	standaloneHelp    = `The daemon is asked. Where there is none, the whole of vspan looks by itself, and this is the client.`
)

// standalone is nothing: the client cannot look without a daemon.
type standalone struct{}

func (standalone) register(*pflag.FlagSet) {}

func (standalone) wanted(*pflag.FlagSet) bool { return false }

func (standalone) ready(*cobra.Command) error {
	return errors.New("to look without a daemon takes the whole of vspan, and this is the client")
}

func (s standalone) look(cmd *cobra.Command) (wire.Doctor, error) {
	return wire.Doctor{}, s.ready(cmd)
}
