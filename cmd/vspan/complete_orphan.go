package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
)

// completeOrphans completes the arguments UID, each once.
func completeOrphans(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return names(func(ctx context.Context, c *client.Client) ([]string, error) {
		found, _, err := c.Orphans(ctx)
		var uids []string
		for _, o := range found {
			if !slices.Contains(args, o.UID) {
				uids = append(uids, o.UID)
			}
		}
		return uids, err
	}).complete(cmd)
}

// completeMember completes the one argument NAME with the members of the cluster.
func completeMember(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names(func(ctx context.Context, c *client.Client) ([]string, error) {
		all, err := c.Members(ctx)
		var found []string
		for _, m := range all {
			if m.Name != "" {
				found = append(found, m.Name)
			}
		}
		return found, err
	}).complete(cmd)
}
