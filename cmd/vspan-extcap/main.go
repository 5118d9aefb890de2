// Command vspan-extcap answers Wireshark's questions in place of 'vspan extcap', which it leaves all else to. It is there for speed alone:
// Wireshark asks each time it starts, once for each interface and more, and the whole of vspan takes five times as long to start.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/cmd/vspan/extcap"
)

// version is set by the release build: -ldflags "-X main.version=v1.2.3".
var version string

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) > 0 && args[0] == "extcap" { // it is called as vspan is
		args = args[1:]
	}
	if q, ok := read(args); ok && q.answer(os.Stdout) == nil {
		return 0
	}
	return whole(args)
}

// question is what Wireshark asks.
type question struct {
	interfaces, dlts, config bool
	of, server               string
}

// read reads a question; ok says that it is one that is answered here.
func read(args []string) (q question, ok bool) {
	flags := flag.NewFlagSet(extcap.Program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&q.interfaces, "extcap-interfaces", false, "")
	flags.BoolVar(&q.dlts, "extcap-dlts", false, "")
	flags.BoolVar(&q.config, "extcap-config", false, "")
	flags.StringVar(&q.of, "extcap-interface", "", "")
	flags.StringVar(&q.server, "server", "", "")
	flags.String("extcap-version", "", "")
	if flags.Parse(args) != nil || flags.NArg() > 0 {
		return question{}, false
	}
	q.server = cmp.Or(q.server, os.Getenv(client.ServerVariable), client.DefaultServer)
	_, session := extcap.SessionOf(q.of)
	return q, q.interfaces || (q.dlts || q.config) && (session || q.of == extcap.Mirror)
}

func (q question) answer(out io.Writer) error {
	switch {
	case q.interfaces:
		return q.about(extcap.OfSessions, func(d extcap.Directory) error { return extcap.WriteInterfaces(out, cmp.Or(version, "devel"), d) })
	case q.dlts:
		return extcap.WriteDLTs(out)
	case q.of == extcap.Mirror:
		return q.about(extcap.OfVMs, func(d extcap.Directory) error { return extcap.WriteConfig(out, q.of, d) })
	}
	return extcap.WriteConfig(out, q.of, extcap.Directory{})
}

// about writes what is known of a part.
func (q question) about(part extcap.Part, write func(extcap.Directory) error) error {
	c, err := client.New(q.server, nil)
	if err != nil {
		return err
	}
	return write(extcap.Known(context.Background(), c, part))
}

// whole has vspan, which lies beside this program, do what is asked.
func whole(args []string) int {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err == nil {
		err = become(filepath.Join(filepath.Dir(self), "vspan"), append([]string{"extcap"}, args...))
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vspan-extcap: run vspan beside it:", err)
		return 1
	}
	return 0
}
