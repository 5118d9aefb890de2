package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
)

// discardDamaged has the record of a session forgotten that cannot be read.
func discardDamaged(cmd *cobra.Command, c *client.Client, name string) error {
	if err := c.Discard(cmd.Context(), name); err != nil {
		return failed(cmd, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: its record is forgotten; what stands on the switch stays: see 'vspan orphans list'\n", printable(name))
	return nil
}

// mentionDamaged says which sessions are in no list, because their records cannot be read.
func mentionDamaged(cmd *cobra.Command, c *client.Client) error {
	damaged, err := c.Damaged(cmd.Context())
	if err != nil {
		return failed(cmd, err)
	}
	for _, name := range damaged {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: its record cannot be read: see 'vspan session get %s'\n", printable(name), printable(name))
	}
	return nil
}
