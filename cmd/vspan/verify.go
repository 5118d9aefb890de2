package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

var probeMethods = []string{"icmp", "arp", "udp"}

func newVerifyCommand() *cobra.Command {
	var output format
	var how client.Verification
	var yes bool
	cmd := &cobra.Command{
		Use:     "verify NAME",
		GroupID: groupOperate,
		Short:   "Prove that a session delivers, also when nothing moves",
		Long: `verify sends a packet with a nonce to the guest of each source, at the address that VMware Tools report, and looks for its copy in
the mirror. A copy proves that the mirror delivers, whether or not the guest answers; an answer without a copy shows that it does not; a guest
that cannot be reached proves nothing.

With --toggle the session is disabled for some seconds besides, and enabled again: its packets must stop, and come back. That shows that what
arrives is what is configured, and interrupts the mirror: it asks first. The mirror comes back whatever becomes of this command.

It exits with 0 when the mirror is proved, with 8 when it is shown not to work, and with 6 when that could not be found out.`,
		Example: `  vspan verify web-01
  vspan verify web-01 --source web-01 --address 10.0.0.5 --method udp
  vspan verify web-01 --toggle --yes`,
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := validVerification(how); err != nil {
				return err
			}
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			if how.Toggle && !yes {
				if err := confirm(cmd, fmt.Sprintf("This interrupts the mirror of %s for some seconds. Go on?", args[0])); err != nil {
					return err
				}
			}
			return verify(cmd, c, args[0], how, output)
		},
	}
	addOutputFlag(cmd, &output)
	addYesFlag(cmd, &yes)
	cmd.Flags().BoolVar(&how.Toggle, "toggle", false, "interrupt the mirror for some seconds, and see that its packets stop and come back")
	cmd.Flags().StringVar(&how.Method, "method", probeMethods[0], "what is sent: icmp, arp (guests on a segment of the receiver) or udp")
	cmd.Flags().DurationVar(&how.Timeout, "timeout", 4*time.Second, "how long to wait for what comes back, 1s to 15s")
	cmd.Flags().StringVar(&how.Source, "source", "", "probe this source alone: a VM's name or a port key")
	cmd.Flags().StringVar(&how.Address, "address", "", "the guest's address, where vCenter does not know it")
	mustComplete(cmd, "method", cobra.FixedCompletions(probeMethods, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func validVerification(how client.Verification) error {
	switch {
	case !slices.Contains(probeMethods, how.Method):
		return usageError{fmt.Errorf("--method %q: want one of %q", how.Method, probeMethods)}
	case how.Timeout < time.Second || how.Timeout > 15*time.Second:
		return usageError{fmt.Errorf("--timeout %s: want 1s to 15s", how.Timeout)}
	}
	return nil
}

func verify(cmd *cobra.Command, c *client.Client, name string, how client.Verification, output format) error {
	what := "probing its sources with " + how.Method
	if how.Toggle {
		what = "probing its sources, then interrupting the mirror and letting it come back; this takes up to half a minute"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", printable(name), what)
	v, err := c.Verify(cmd.Context(), name, how)
	if err != nil {
		if cmd.Context().Err() != nil {
			return exitWith(exitWaitNotMet, "interrupted before anything was known of session %q; a mirror that was interrupted comes back by itself", name)
		}
		return failed(cmd, err)
	}
	if output == formatJSON {
		return errors.Join(writeJSON(cmd.OutOrStdout(), v), verified(v))
	}
	t := newTable(cmd.OutOrStdout(), "SOURCE", "PORT", "HOST", "ADDRESS", "RESULT", "ANSWERED", "TO-VM", "FROM-VM")
	for _, s := range v.Sources {
		t.row(strings.TrimSpace(s.VM+" "+s.NIC), s.PortKey, s.Host, s.Address, s.Result, answered(s), copyOf(s.ToVM), copyOf(s.FromVM))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if g := v.Toggle; g != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: packets before %d, while disabled %d, after %d; interrupted for %s\n", printable(name), g.Before, g.While, g.After, printable(g.Disabled))
	}
	if v.Result == mirror.ProbeProved.String() {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: proved: %s\n", printable(name), printable(v.Message))
	}
	return verified(v)
}

func answered(s wire.SourceProbed) string {
	switch {
	case s.Answered:
		return s.RTT
	case s.Sent == 0:
		return ""
	}
	return "no"
}

func copyOf(c wire.ProbeCopy) string {
	if !c.Seen {
		return ""
	}
	return c.Delay
}

// verified is the error of what is not proved.
func verified(v wire.Verification) error {
	switch v.Result {
	case mirror.ProbeProved.String():
		return nil
	case mirror.ProbeMissing.String():
		return exitWith(exitNotDelivering, "session %q is not proved: %s", v.Session, printable(v.Message))
	default:
		return exitWith(exitWaitNotMet, "whether session %q delivers is not known: %s", v.Session, printable(v.Message))
	}
}
