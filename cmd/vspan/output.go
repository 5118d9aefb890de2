package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// format is how a command prints its data: for a person or for a program.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// String, Set and Type make it a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(s string) error {
	switch format(s) {
	case formatTable, formatJSON:
		*f = format(s)
		return nil
	}
	return fmt.Errorf("want %s", strings.Join(formatNames, " or "))
}

func (f *format) Type() string { return "format" }

var formatNames = []string{string(formatTable), string(formatJSON)}

// addOutputFlag gives cmd the flag -o.
func addOutputFlag(cmd *cobra.Command, f *format) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "how to print: table or json")
	mustComplete(cmd, "output", cobra.FixedCompletions(formatNames, cobra.ShellCompDirectiveNoFileComp))
}

// mustComplete registers the completion of a flag; it fails only for a flag that does not exist.
func mustComplete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}
