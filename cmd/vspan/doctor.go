package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// examination is what a doctor is asked.
type examination struct {
	session    string
	fresh      bool
	standalone bool
	output     format
	serve      serveFlags      // for looking without a daemon
	own        map[string]bool // flags that do not say what to look at
}

func newDoctorCommand() *cobra.Command {
	var e examination
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupOperate,
		Short:   "Check everything that mirrors rest on, and say what to do about what is not in order",
		Long: `Check everything that mirrors rest on: the login, rights, certificate and clock of vCenter; what the switches can do; how hosts would
send (vmkernel adapter, TCP/IP stack, route, MTU); ports that cannot be mirrored; ERSPAN ids; the receiver; where the state is kept.
Each check is ok, warning, failed or unknown, and what is not ok says what to do. Nothing is changed.

The daemon is asked. When flags of 'vspan serve' are given, e.g. --config, or when no daemon answers and the environment says which
vCenter, the command looks by itself, before anything runs: it logs in to vCenter, opens the receiver for a moment, and knows of no
session.

The exit code is 0 when nothing failed, 9 when something did.`,
		Example:           "  vspan doctor\n  vspan doctor --session web-01\n  vspan doctor --config /etc/vspan/vspan.yaml\n  vspan doctor -o json | jq '.items[] | select(.status != \"ok\")'",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	addOutputFlag(cmd, &e.output)
	flags := cmd.Flags()
	flags.StringVar(&e.session, "session", "", "only what concerns this session")
	mustComplete(cmd, "session", completeSession)
	flags.BoolVar(&e.fresh, "fresh", false, "have the daemon read vCenter now, rather than within the last minute")
	flags.BoolVar(&e.standalone, "standalone", false, "ask no daemon")
	asked := make(map[string]bool) // by this command alone
	flags.VisitAll(func(f *pflag.Flag) { asked[f.Name] = true })
	e.serve.register(flags)
	e.own = maps.Clone(asked)
	e.own["check"], e.own["verbose"] = true, true
	flags.VisitAll(func(f *pflag.Flag) { f.Hidden = !asked[f.Name] && !matters(f.Name) })
	return cmd
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

// settings reports whether the command line says how to look without a daemon.
func (e *examination) settings(flags *pflag.FlagSet) bool {
	said := e.standalone
	flags.Visit(func(f *pflag.Flag) { said = said || !e.own[f.Name] && f.Name != "server" })
	return said
}

func (e *examination) run(cmd *cobra.Command) error {
	alone := e.settings(cmd.Flags())
	if alone && e.session != "" {
		return usageError{errors.New("--session asks the daemon, which alone knows the sessions: leave out --standalone, --config and what else is for looking without it")}
	}
	found, err := wire.Doctor{}, error(nil)
	if alone {
		found, err = e.look(cmd)
	} else {
		found, err = e.ask(cmd)
	}
	if err != nil {
		return err
	}
	if e.output == formatJSON {
		err = writeJSON(cmd.OutOrStdout(), found)
	} else {
		err = printDoctor(cmd.OutOrStdout(), found.Items)
	}
	if n := countStatus(found.Items, doctor.Failed.String()); err == nil && n > 0 {
		err = exitWith(exitChecksFailed, "%d of %d checks failed", n, len(found.Items))
	}
	return err
}

// ask asks the daemon. When none answers and it is known which vCenter to look at, it looks itself.
func (e *examination) ask(cmd *cobra.Command) (wire.Doctor, error) {
	c, err := connect(cmd)
	if err != nil {
		return wire.Doctor{}, err
	}
	found, err := c.Doctor(cmd.Context(), e.session, e.fresh)
	if _, away := errors.AsType[*url.Error](err); !away || e.session != "" || cmd.Context().Err() != nil {
		return found, failed(cmd, err)
	}
	if _, unset := e.serve.configuration(cmd); unset != nil {
		return found, fmt.Errorf("%w\nto look without a daemon say which vCenter: %w", failed(cmd, err), unset)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "no vspan daemon answers at %s: looking from here\n", serverAddress(cmd))
	return e.look(cmd)
}

// lookTimeout bounds how long looking without a daemon may take.
const lookTimeout = time.Minute

// look looks without a daemon.
func (e *examination) look(cmd *cobra.Command) (wire.Doctor, error) {
	config, err := e.serve.configuration(cmd)
	if err != nil {
		return wire.Doctor{}, usageError{err}
	}
	if !e.serve.verbose {
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
