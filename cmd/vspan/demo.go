//go:build !client

package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/cmd/vspan/demo"
)

func newDemoCommand() *cobra.Command {
	var once, verbose bool
	options := demo.Options{Version: versionName()}
	cmd := &cobra.Command{
		Use:     "demo",
		GroupID: groupRun,
		Short:   "See vspan do its job, without a vCenter",
		Long: `Start a simulated vCenter whose hosts really mirror, the daemon and its receiver in one process, and show through the
daemon's own HTTP API what vspan does: create three sessions as the wizard would, prove that they deliver, show an HTTP GET that was
received in the mirror, probe one that is silent, follow a vMotion, notice a broken path, and stop a mirror.

As root the packets cross real sockets on loopback, as an ordinary user they go through memory. It then stays until Ctrl-C,
so that you can go on with curl. With --once it ends: exit 0 if every step held, 1 if not.`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options.Out = cmd.OutOrStdout()
			options.Once = once
			options.Log = slog.New(slog.DiscardHandler)
			if verbose {
				options.Log = logger(cmd.ErrOrStderr(), true)
			}
			return demo.Run(cmd.Context(), options)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&once, "once", false, "end after the last step")
	flags.StringVar(&options.Listen, "listen", "127.0.0.1:8080", "where the daemon listens; any free port if that one is taken")
	flags.BoolVarP(&verbose, "verbose", "v", false, "log what the daemon does")
	return cmd
}
