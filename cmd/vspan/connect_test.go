package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// TestInterruptedIsNoSuccess: a script that is interrupted must not go on as if its question had been answered.
func TestInterruptedIsNoSuccess(t *testing.T) {
	address, _, stop := startDaemon()
	defer stop()
	t.Setenv(serverVariable, address)
	capture := filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(capture, []byte{0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 101, 0, 0, 0}, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		line []string
		code int
	}{
		{[]string{"session", "list"}, exitError},
		{[]string{"session", "create", "--vm", "web-01", "--wait"}, exitError},
		{[]string{"session", "wait", "web-01"}, exitWaitNotMet},
		{[]string{"inspect", capture}, exitError},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		root := newRootCommand()
		root.SetArgs(test.line)
		cmd, err := root.ExecuteContextC(ctx)
		if code := report(cmd, err); code != test.code {
			t.Errorf("%q, interrupted: exit code %d (%v), want %d", test.line, code, err, test.code)
		}
	}
}
