// Command vspan turns vSphere port mirroring into a service that can be trusted: it creates mirror sessions on distributed virtual
// switches, receives what they mirror, and says whether each of them delivers.
package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/vspan-io/vspan/cmd/vspan/extcap"
)

func main() { os.Exit(run(arguments(os.Args))) }

// arguments are those of the command line; under the name by which Wireshark calls it the program is the command extcap.
func arguments(line []string) []string {
	if strings.TrimSuffix(filepath.Base(line[0]), ".exe") == extcap.Program {
		return append([]string{"extcap"}, line[1:]...)
	}
	return line[1:]
}

// run is main with its exit code.
func run(args []string) int {
	b, _ := branchOf(args)
	ctx, stop := interruptible(b.brief)
	defer stop()
	root := newRootCommandFor(args)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	return report(cmd, err)
}
