package main

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
)

// defaultServer is where "vspan serve" listens when nothing else is said.
const defaultServer = client.DefaultServer

// serverVariable is the environment's name for --server.
const serverVariable = client.ServerVariable

// addServerFlag gives cmd and the commands below it the flag --server.
func addServerFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().String("server", "", "address of the daemon (default $"+serverVariable+", or "+defaultServer+")")
}

// refuseServerFlag is for a command that asks no daemon: its help does not show --server, and saying it is an error.
func refuseServerFlag(cmd *cobra.Command) {
	cmd.PersistentFlags().Func("server", "", func(string) error {
		return fmt.Errorf("'%s' asks no daemon", cmd.CommandPath())
	})
	if err := cmd.PersistentFlags().MarkHidden("server"); err != nil {
		panic(err) // there is no such flag
	}
}

// serverAddress is where the daemon is to be found.
func serverAddress(cmd *cobra.Command) string {
	said, _ := cmd.Flags().GetString("server") // fails only where there is no such flag
	return cmp.Or(said, os.Getenv(serverVariable), defaultServer)
}

// connect returns a client of the daemon. It asks nothing yet.
func connect(cmd *cobra.Command) (*client.Client, error) {
	c, err := client.New(serverAddress(cmd), nil)
	if err != nil {
		return nil, usageError{err}
	}
	return c, nil
}

// failed turns what a request to the daemon failed with into what a person is told, with the exit code that belongs to it. What
// was interrupted has failed: a script must not take it for success.
func failed(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	if cmd.Context().Err() != nil {
		return errors.New("interrupted before the daemon had answered; what was asked of it may be done")
	}
	if p, ok := errors.AsType[*wire.Problem](err); ok {
		return problemError(p)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("no vspan daemon answers at %s: %s (%w)", serverAddress(cmd), noDaemon, e.Err)
	}
	return err
}

// problemError is what the daemon refused, every part of it.
func problemError(p *wire.Problem) error {
	lines := []string{printable(cmp.Or(p.Detail, p.Title))}
	for _, e := range p.Errors {
		lines = append(lines, printable(e.Field+": "+e.Detail))
	}
	err := errors.New(strings.Join(lines, "\n  "))
	switch {
	case p.Code == "not_found": // no session or switch, but no such path: something is between us and the API
		return fmt.Errorf("%w: is --server right?", err)
	case p.Status == http.StatusNotFound:
		return exitCodeError{exitNotFound, err}
	case p.Code == "invalid":
		return usageError{err}
	}
	return err
}
