//go:build !client

package main

import "github.com/spf13/cobra"

// isClient says that this is vspan without what runs: no daemon, no simulator.
const isClient = false

// beginning is what the help says to do first, noDaemon what is to be done when none answers.
const (
	beginning = "Start with 'vspan demo': it needs no vCenter."
	noDaemon  = "start one with 'vspan serve' or say --server"
)

// newRunCommands are the commands that run something that others ask.
func newRunCommands() []*cobra.Command {
	return []*cobra.Command{newServeCommand(), newSimCommand(), newDemoCommand()}
}
