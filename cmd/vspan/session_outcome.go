package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// soon is how long a command that is not to wait looks whether the daemon has done what it took: a row that shows how things
// stood before the change makes a person ask again.
const soon = time.Second

// printOutcome prints a session that was just changed, as it is a moment later, and says what is wrong with it if something is.
// The change is accepted; what came of it is no error of the command's.
func printOutcome(cmd *cobra.Command, c *client.Client, s wire.Session, output format) error {
	if later, _, err := c.Wait(cmd.Context(), s.Name, string(mirror.ConditionReady), soon); err == nil {
		s = later
	}
	if state, _ := standing(s); troubled(state) {
		_, news := newsOf(s)
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", s.Name, news)
	}
	return printSession(cmd, s, output)
}

// troubled reports whether a state is one that a person should hear the reason of unasked.
func troubled(state string) bool {
	switch state {
	case mirror.Failed.String(), mirror.Unknown.String(), mirror.Lost.String(), mirror.Degraded.String(), mirror.Expired.String():
		return true
	}
	return false
}
