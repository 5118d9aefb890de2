package main

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// examination is what a doctor is asked.
type examination struct {
	session string
	fresh   bool
	output  format
	alone   standalone
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

` + standaloneHelp + `

The exit code is 0 when nothing failed, 9 when something did.`,
		Example:           "  vspan doctor\n  vspan doctor --session web-01\n" + standaloneExample + "  vspan doctor -o json | jq '.items[] | select(.status != \"ok\")'",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return e.run(cmd) },
	}
	addOutputFlag(cmd, &e.output)
	flags := cmd.Flags()
	flags.StringVar(&e.session, "session", "", "only what concerns this session")
	mustComplete(cmd, "session", completeSession)
	flags.BoolVar(&e.fresh, "fresh", false, "have the daemon read vCenter now, rather than within the last minute")
	e.alone.register(flags)
	return cmd
}

func (e *examination) run(cmd *cobra.Command) error {
	alone := e.alone.wanted(cmd.Flags())
	if alone && e.session != "" {
		return usageError{errors.New("--session asks the daemon, which alone knows the sessions: leave out --standalone, --config and what else is for looking without it")}
	}
	found, err := wire.Doctor{}, error(nil)
	if alone {
		found, err = e.alone.look(cmd)
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
	if unable := e.alone.ready(cmd); unable != nil {
		return found, fmt.Errorf("%w\n%w", failed(cmd, err), unable)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "no vspan daemon answers at %s: looking from here\n", serverAddress(cmd))
	return e.alone.look(cmd)
}
