//go:build !client

package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// What the help of the doctor says of looking without a daemon.
const (
	standaloneExample = "  vspan doctor --config /etc/vspan/vspan.yaml\n"
	standaloneHelp    = `The daemon is asked. When flags of 'vspan serve' are given, e.g. --config, or when no daemon answers and the environment says which
vCenter, the command looks by itself, before anything runs: it logs in to vCenter, opens the receiver for a moment, and knows of no
session.`
)

// standalone is a doctor that looks without a daemon, with what one would be configured with.
type standalone struct {
	asked bool // by the flag of that name
	serve serveFlags
	own   map[string]bool // flags that do not say what to look at
}

// register adds its flags to those of the command, which are there already.
func (s *standalone) register(flags *pflag.FlagSet) {
	flags.BoolVar(&s.asked, "standalone", false, "ask no daemon")
	s.own = make(map[string]bool)
	flags.VisitAll(func(f *pflag.Flag) { s.own[f.Name] = true })
	s.serve.register(flags)
	flags.VisitAll(func(f *pflag.Flag) { f.Hidden = !s.own[f.Name] && !matters(f.Name) })
	s.own["check"], s.own["verbose"] = true, true
}

// matters reports whether a flag of vspan serve has a part in what is looked at. The others are taken too, so that the command line
// of a daemon can be given as it is, and not shown.
func matters(flag string) bool {
	for _, start := range []string{"config", "vcenter-", "receiver-address", "receiver-interface", "receiver-mode", "no-receiver", "data-dir", "etcd-endpoints"} {
		if strings.HasPrefix(flag, start) {
			return true
		}
	}
	return false
}

// wanted reports whether the command line says how to look without a daemon.
func (s *standalone) wanted(flags *pflag.FlagSet) bool {
	said := s.asked
	flags.Visit(func(f *pflag.Flag) { said = said || !s.own[f.Name] && f.Name != "server" })
	return said
}

// ready says what is missing for looking without a daemon.
func (s *standalone) ready(cmd *cobra.Command) error {
	if _, err := s.serve.configuration(cmd); err != nil {
		return fmt.Errorf("to look without a daemon say which vCenter: %w", err)
	}
	return nil
}

// lookTimeout bounds how long looking without a daemon may take.
const lookTimeout = time.Minute

func (s *standalone) look(cmd *cobra.Command) (wire.Doctor, error) {
	config, err := s.serve.configuration(cmd)
	if err != nil {
		return wire.Doctor{}, usageError{err}
	}
	if !s.serve.verbose {
		config.Log = slog.New(slog.DiscardHandler) // what it says of each part is the log
	}
	d, err := daemon.New(config)
	if err != nil {
		return wire.Doctor{}, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), lookTimeout)
	defer cancel()
	facts := d.Examine(ctx)
	if cmd.Context().Err() != nil {
		return wire.Doctor{}, cmd.Context().Err()
	}
	return api.RenderDoctor(facts, doctor.Examine(facts)), nil
}
