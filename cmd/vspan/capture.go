package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/cmd/vspan/capturing"
	"github.com/vspan-io/vspan/mirror/capture/filter"
)

// captureFlags are those of vspan capture.
type captureFlags struct {
	query client.PacketQuery
	write string // a file, "-", or "" for lines
	quiet bool
}

func newCaptureCommand() *cobra.Command {
	var f captureFlags
	cmd := &cobra.Command{
		Use:     "capture NAME [FILTER]",
		Short:   "Show the packets that a session mirrors, or write them to a file or into Wireshark",
		GroupID: groupOperate,
		Long: `capture shows what a session mirrors as it comes: a line for each packet, or with -w a capture file that Wireshark, tshark and tcpdump
read. It ends when the session does, after --duration or --packets, and when it is interrupted; the file is complete in each case, and
takes its name only then. A reader that goes away (| head, Wireshark that is closed) ends it too, and is no error.

FILTER is an expression as tcpdump takes it, over the mirrored frames: 'tcp port 80 and host 10.1.0.7'. It may also be given by --filter.
One that does not say vlan looks past VLAN tags.

What is lost is counted: on the way from the hosts, and here when what is captured is not written as fast as it comes. Whoever captures
is named in 'vspan session events NAME'.`,
		Example: `  vspan capture web-01
  vspan capture web-01 -w - | wireshark -k -i -
  vspan capture web-01 tcp port 443 -w web-01.pcapng --duration 10m
  vspan capture web-01 -w - --format pcap --packets 100 | tcpdump -nr -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("which NAME?")}
			}
			return nil
		},
		ValidArgsFunction: completeSession,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.register(cmd)
	return cmd
}

func (f *captureFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.write, "write", "w", "", "write a capture file here instead of lines; - is the standard output")
	flags.StringVar(&f.query.Filter, "filter", "", "only packets that fit this expression, as tcpdump takes it")
	flags.StringVar(&f.query.Direction, "direction", "", "only of this direction, as the VM sees it: from-vm or to-vm")
	flags.IntVar(&f.query.SnapLength, "snaplen", 0, "keep this many bytes of each packet; 0: all")
	flags.DurationVar(&f.query.Duration, "duration", 0, "end after this time")
	flags.Uint64Var(&f.query.Packets, "packets", 0, "end after so many packets")
	flags.StringVar(&f.query.Format, "format", "", "with -w: pcapng, which says all that is known, or pcap (default pcapng)")
	flags.BoolVar(&f.query.Outer, "outer", false, "the packets that carried the frames, with the headers of the mirror")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "say nothing of how it goes")
	mustComplete(cmd, "direction", cobra.FixedCompletions([]string{"both", "from-vm", "to-vm"}, cobra.ShellCompDirectiveNoFileComp))
	mustComplete(cmd, "format", cobra.FixedCompletions([]string{"pcapng", "pcap"}, cobra.ShellCompDirectiveNoFileComp))
}

// check refuses what cannot be meant before anything is asked.
func (f *captureFlags) check(words []string, stdout *os.File) error {
	if len(words) > 0 {
		if f.query.Filter != "" {
			return usageError{errors.New("one filter: behind the NAME or by --filter")}
		}
		f.query.Filter = strings.Join(words, " ")
	}
	if _, err := filter.Compile(f.query.Filter); err != nil {
		return usageError{err}
	}
	switch {
	case f.query.Duration < 0:
		return usageError{fmt.Errorf("--duration %s: want more than 0, e.g. 10m", f.query.Duration)}
	case f.write == "" && f.query.Format != "":
		return usageError{errors.New("--format is that of a file: say where with -w, - being the standard output")}
	case f.write == "-" && isScreen(stdout):
		return usageError{errors.New("a capture file is nothing for a terminal: say -w FILE, or hand it on, e.g. vspan capture NAME -w - | wireshark -k -i -; " +
			"without -w each packet is a line")}
	}
	return nil
}

func (f *captureFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(args[1:], os.Stdout); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away ends the capture, and not the process in the middle of it
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	if f.write == "" || f.write == "-" {
		ctx, stop = capturing.WhileRead(ctx, os.Stdout)
		defer stop()
	}
	err = f.receive(ctx, cmd, c, args[0])
	if errors.Is(err, capturing.ErrReaderGone) || context.Cause(ctx) == capturing.ErrReaderGone {
		return nil
	}
	return err
}

// receive puts what comes where it is wanted.
func (f *captureFlags) receive(ctx context.Context, cmd *cobra.Command, c *client.Client, name string) error {
	if f.write == "" || f.write == "-" {
		pass := capturing.Copy
		if f.write == "" {
			pass = capturing.Print
		}
		in, err := c.Packets(ctx, name, f.query)
		if err != nil {
			return failed(cmd, err)
		}
		return f.pass(ctx, cmd, in, os.Stdout, pass)
	}
	file, err := capturing.Create(f.write)
	if err != nil {
		return err
	}
	in, err := c.Packets(ctx, name, f.query)
	if err != nil {
		return errors.Join(failed(cmd, err), file.Abandon())
	}
	err = f.pass(ctx, cmd, in, file, capturing.Copy)
	return errors.Join(err, file.Finish()) // also of what was cut off: it is whole as far as it goes
}

// pass hands on what comes, and says how it goes.
func (f *captureFlags) pass(
	ctx context.Context, cmd *cobra.Command, in *client.PacketStream, out io.Writer,
	pass func(context.Context, io.Writer, io.Reader, *capturing.Counts) error,
) error {
	defer func() { _ = in.Close() }() // it was read, or given up
	p := newProgress(cmd.ErrOrStderr(), f.quiet, f.write != "")
	err := pass(ctx, out, in, &p.counts)
	p.end(ctx, in, err)
	return err
}

// isScreen reports whether f is a terminal: a device of characters that is not /dev/null.
func isScreen(f *os.File) bool {
	if !isTerminal(f) {
		return false
	}
	info, err := f.Stat()
	null, e := os.Stat(os.DevNull)
	return err == nil && (e != nil || !os.SameFile(info, null))
}

// progressEvery is how often a person sees how a capture goes.
const progressEvery = 500 * time.Millisecond
