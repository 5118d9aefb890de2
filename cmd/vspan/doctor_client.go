//go:build client

package main

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api/wire"
)

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
