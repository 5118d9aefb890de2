package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// described is all that shows of a command and of those below it.
func described(t *testing.T, cmd *cobra.Command) string {
	t.Helper()
	var text strings.Builder
	cmd.InitDefaultHelpFlag()
	cmd.SetOut(&text)
	if err := cmd.Help(); err != nil {
		t.Fatal(err)
	}
	flag := func(f *pflag.Flag) {
		fmt.Fprintf(&text, "%s %s %s %q %q %v %q\n", f.Name, f.Shorthand, f.Value.Type(), f.DefValue, f.NoOptDefVal, f.Hidden, f.Usage)
	}
	cmd.LocalFlags().VisitAll(flag)
	cmd.InheritedFlags().VisitAll(flag)
	for _, below := range cmd.Commands() {
		text.WriteString(described(t, below))
	}
	return text.String()
}

// TestBranchAlone: a command is the same without the others.
func TestBranchAlone(t *testing.T) {
	whole := newRootCommand()
	if made, all := len(whole.Commands()), len(branches()); made != all {
		t.Errorf("%d commands of %d branches", made, all)
	}
	for _, want := range whole.Commands() {
		commands := newRootCommandFor([]string{want.Name(), "--help"}).Commands()
		if len(commands) != 1 {
			t.Errorf("%d commands are made for %s: is its name that of its branch?", len(commands), want.Name())
			continue
		}
		if diff := cmp.Diff(described(t, want), described(t, commands[0])); diff != "" {
			t.Errorf("%s with the others (-) and alone (+):\n%s", want.Name(), diff)
		}
	}
}

// TestOneCommandLine: what is made for a command line answers it as all of vspan does.
func TestOneCommandLine(t *testing.T) {
	for _, line := range []string{
		"", "--help", "-h", "help", "help inspect", "help session create", "help nothing", "--server http://127.0.0.1:1 inspect --help",
		"inspect --help", "inspect -h", "inspect", "inspect a b", "inspect --nothing", "inspect --server x y", "inspect help", "--nothing inspect",
		"sessions --help", "session", "session --help", "session lits", "session rm --help", "--server", "-- inspect --help",
		"insepct", "inspec", "nothing", "version extra", "version -o yaml", "version --output json",
		"completion", "completion --help", "completion bash", "completion bash --help", "completion nothing", "inspect completion",
		"__complete", "__complete ", "__complete ins", "__complete inspect --", "__complete version -o ", "__complete session ",
		"__completeNoDesc ver",
	} {
		args := strings.Split(line, " ")
		if line == "" {
			args = []string{}
		}
		answer := func(root *cobra.Command) string {
			var out, said bytes.Buffer
			root.SetOut(&out)
			root.SetErr(&said)
			root.SetArgs(args)
			cmd, err := root.ExecuteContextC(t.Context())
			return fmt.Sprintf("%s: %v, usage %v\n%s\n%s", cmd.CommandPath(), err, err != nil && isUsage(err), &out, &said)
		}
		if diff := cmp.Diff(answer(newRootCommand()), answer(newRootCommandFor(args))); diff != "" {
			t.Errorf("%q: all of vspan (-) and what is made for this (+):\n%s", line, diff)
		}
	}
}
