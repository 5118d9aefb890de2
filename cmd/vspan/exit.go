package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes. Scripts rely on them; they never change their meaning.
const (
	exitOK            = 0
	exitError         = 1
	exitUsage         = 2
	exitNotFound      = 3
	exitWaitNotMet    = 6
	exitNotDelivering = 8
	exitChecksFailed  = 9
)

// exitCodeError is an error that wants an exit code of its own.
type exitCodeError struct {
	code int
	err  error
}

func (e exitCodeError) Error() string { return e.err.Error() }
func (e exitCodeError) Unwrap() error { return e.err }

// exitWith returns an error that ends the command with code.
func exitWith(code int, format string, args ...any) error {
	return exitCodeError{code, fmt.Errorf(format, args...)}
}

// usageError is a command line that cannot be meant.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// report prints the error of a command to standard error and returns the exit code. Interrupting a command is not an error.
func report(cmd *cobra.Command, err error) int {
	if err == nil || errors.Is(err, context.Canceled) && cmd.Context().Err() != nil {
		return exitOK
	}
	fmt.Fprintln(os.Stderr, "vspan:", err)
	if isUsage(err) {
		fmt.Fprintf(os.Stderr, "See '%s --help'.\n", cmd.CommandPath())
		return exitUsage
	}
	if e, ok := errors.AsType[exitCodeError](err); ok {
		return e.code
	}
	return exitError
}

// isUsage also knows the errors of cobra itself, which have no type.
func isUsage(err error) bool {
	if _, ok := errors.AsType[usageError](err); ok {
		return true
	}
	text := err.Error()
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "accepts ", "requires at least", "required flag", "invalid argument"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return false
}
