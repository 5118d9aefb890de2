package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// creation is what "session create" does with the request.
type creation struct {
	request sessionRequest
	output  format
	replace bool
	dryRun  bool
	wait    bool
	timeout time.Duration
}

func newSessionCreateCommand() *cobra.Command {
	var c creation
	cmd := &cobra.Command{
		Use:   "create [NAME]",
		Short: "Mirror the traffic of VMs, portgroups or ports",
		Long: `create asks for a mirror session. Without NAME it is named after its first VM.

With --wait it returns when the session delivers, and says on the way what happens: exit code 0 when packets arrive, 8 with the
reason when it is known that it does not deliver, 6 when --timeout is up before anything is known, e.g. because the VM is silent.
A mirror to somebody else's collector (--to) cannot be seen into: then 0 means that it stands on the switch as asked.

With --dry-run nothing is done, and the change of the switch is printed with what a person should know before.`,
		Example: `  vspan session create --vm web-01 --for 1h --wait
  vspan session create two --vm web-01 --vm web-02 --direction from-vm --encapsulation erspan3
  vspan session create --vm db-01 --nic "Network adapter 2" --to 10.2.1.110 --expires never
  vspan session create --vm web-01 --dry-run
  vspan session get web-01 -o json | vspan session create copy -f -`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	c.request.addFlags(cmd)
	cmd.Flags().BoolVar(&c.replace, "replace", false, "change the session if there is one of this name")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&c.wait, "wait", false, "wait until the session delivers")
	addTimeoutFlag(cmd, &c.timeout)
	addOutputFlag(cmd, &c.output)
	completeRequest(cmd)
	return cmd
}

func (o *creation) run(cmd *cobra.Command, args []string) error {
	name, in, err := o.request.input(cmd.InOrStdin(), args)
	if err != nil {
		return err
	}
	if err := o.check(in); err != nil {
		return err
	}
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	if o.dryRun {
		return o.preview(cmd, c, name, in)
	}
	s, err := o.put(cmd, c, name, in)
	if err != nil {
		return err
	}
	if !o.wait {
		return printOutcome(cmd, c, s, o.output)
	}
	return waitAndPrint(cmd, c, name, goal(mirror.ConditionReady), o.timeout, o.output)
}

func (o *creation) check(in wire.SessionInput) error {
	switch {
	case o.wait && o.dryRun:
		return usageError{errors.New("--wait and --dry-run cannot go together")}
	case o.wait && in.Spec.Enabled != nil && !*in.Spec.Enabled:
		return usageError{errors.New("--wait and --disabled cannot go together: a disabled session delivers nothing")}
	}
	return validTimeout(o.timeout)
}

func (o *creation) preview(cmd *cobra.Command, c *client.Client, name string, in wire.SessionInput) error {
	plan, err := c.DryRun(cmd.Context(), name, in)
	if err != nil {
		return failed(cmd, err)
	}
	if o.output == formatJSON {
		return writeJSON(cmd.OutOrStdout(), plan)
	}
	return printDryRun(cmd.OutOrStdout(), plan)
}

// put creates the session, or changes it where that is asked for. Asking twice for the same is no error.
func (o *creation) put(cmd *cobra.Command, c *client.Client, name string, in wire.SessionInput) (wire.Session, error) {
	if o.replace {
		s, _, err := c.Put(cmd.Context(), name, in, client.Precondition{})
		return s, failed(cmd, err)
	}
	s, _, err := c.Put(cmd.Context(), name, in, client.Precondition{Absent: true})
	if p, ok := errors.AsType[*wire.Problem](err); !ok || p.Status != http.StatusPreconditionFailed {
		return s, failed(cmd, err)
	}
	there, err := c.Session(cmd.Context(), name)
	if err != nil {
		return there, failed(cmd, err)
	}
	plan, err := c.DryRun(cmd.Context(), name, in)
	if err != nil {
		return there, failed(cmd, err)
	}
	if names := differing(there, plan.Session); len(names) > 0 {
		return there, fmt.Errorf("there is another session %q already, with other %s: choose another NAME, or say --replace to change it",
			name, strings.Join(names, ", "))
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "session %q is there already, as asked\n", name)
	return there, nil
}
