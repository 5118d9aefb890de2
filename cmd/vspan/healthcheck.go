package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// healthcheckTimeout is less than what a container's health check is given.
const healthcheckTimeout = 2 * time.Second

// newHealthcheckCommand is for a container's health check, where there is neither shell nor curl.
func newHealthcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:               "healthcheck",
		GroupID:           groupRun,
		Short:             "Exit 0 if the daemon answers, 1 if not",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthcheckTimeout)
			defer cancel()
			_, err = c.Health(ctx)
			return failed(cmd, err)
		},
	}
}
