package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// newHealthcheckCommand is for a container's health check, where there is neither shell nor curl.
func newHealthcheckCommand() *cobra.Command {
	var server string
	cmd := &cobra.Command{
		Use:     "healthcheck",
		GroupID: groupRun,
		Short:   "Exit 0 if the daemon answers, 1 if not",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
			defer cancel()
			return healthcheck(ctx, server)
		},
	}
	cmd.Flags().StringVar(&server, "server", "http://127.0.0.1:8080", "the daemon")
	return cmd
}

func healthcheck(ctx context.Context, server string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", server, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the daemon does not answer: %w", err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)); err != nil {
		return fmt.Errorf("the daemon's answer breaks off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the daemon at %s answers %s", server, response.Status)
	}
	return nil
}
