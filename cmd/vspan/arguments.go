package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// oneArgument wants one argument, by the name that the usage has for it.
func oneArgument(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usageError{fmt.Errorf("which %s?", name)}
		case len(args) > 1:
			return usageError{fmt.Errorf("one %s at a time: %q is too much", name, args[1])}
		}
		return nil
	}
}
