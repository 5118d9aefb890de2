// Command vspan turns vSphere port mirroring into a service that can be trusted: it creates mirror sessions on distributed virtual
// switches, receives what they mirror, and says whether each of them delivers.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run(os.Args[1:])) }

// run is main with its exit code. The first SIGINT or SIGTERM ends what runs cleanly, the second at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on the signals have their default effect again
	root := newRootCommand()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, err)
}
