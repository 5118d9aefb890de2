package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// addYesFlag gives cmd the flag --yes.
func addYesFlag(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// errNobodyToAsk is for a command that must ask and cannot.
var errNobodyToAsk = errors.New("nobody can be asked, for standard input is no terminal: say --yes")

// confirm asks on the terminal whether to go on. It returns nil only for a yes.
func confirm(cmd *cobra.Command, question string) error {
	in, isFile := cmd.InOrStdin().(*os.File)
	if !isFile || !isTerminal(in) {
		return usageError{errNobodyToAsk}
	}
	signal.Reset(os.Interrupt, syscall.SIGTERM) // nothing is done yet: while a person thinks, a signal ends the command at once
	return ask(in, cmd.ErrOrStderr(), question)
}

// isTerminal reports whether f may be one. So may be /dev/null, which never answers.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256

func ask(in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s [y/N] ", question)
	answer, err := bufio.NewReader(io.LimitReader(in, maxAnswer)).ReadString('\n')
	if err != nil && answer == "" {
		fmt.Fprintln(out)
		return usageError{errNobodyToAsk}
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was done")
}
