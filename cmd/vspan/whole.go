//go:build !client

package main

// isClient says that this is vspan without what runs: no daemon, no simulator.
const isClient = false

// beginning is what the help says to do first, noDaemon what is to be done when none answers.
const (
	beginning = "Start with 'vspan demo': it needs no vCenter."
	noDaemon  = "start one with 'vspan serve' or say --server"
)

// runBranches are the commands that run something that others ask.
func runBranches() []branch {
	return []branch{
		{name: "serve", command: alone(newServeCommand)},
		{name: "sim", command: alone(newSimCommand)},
		{name: "demo", command: alone(newDemoCommand)},
	}
}
