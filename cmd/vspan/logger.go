//go:build !client

package main

import (
	"io"
	"log/slog"
	"os"
)

// logger writes to standard error, for people.
func logger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose || os.Getenv("VSPAN_DEBUG") != "" {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
