package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/cmd/vspan/capturing"
	"github.com/vspan-io/vspan/cmd/vspan/extcap"
	"github.com/vspan-io/vspan/mirror/capture/filter"
)

// extcapFlags are what Wireshark says.
type extcapFlags struct {
	interfaces, dlts, config, capture, refresh bool

	version, of, reload, captureFilter, pipe string

	vm    string
	query client.PacketQuery
}

func newExtcapCommand() *cobra.Command {
	var f extcapFlags
	cmd := &cobra.Command{
		Use:     "extcap",
		Short:   "Show the sessions to Wireshark as interfaces",
		GroupID: groupOperate,
		Long: `Wireshark calls extcap to learn of interfaces and to capture from them. 'vspan extcap install' puts it in place; then Wireshark and
tshark list each session as an interface, and "vspan: mirror a VM", which mirrors a VM of your choice while the capture runs and
leaves nothing behind.

tshark -D lists them; tshark -i vspan-web-01 captures from session web-01; tshark -i vspan_mirror -o extcap.vspan_mirror.vm:web-01
mirrors the VM web-01 meanwhile.`,
		Args:               cobra.NoArgs,
		ValidArgsFunction:  cobra.NoFileCompletions,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true}, // what later versions of Wireshark say
		RunE:               func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd)
	cmd.AddCommand(newExtcapInstallCommand(), newExtcapUninstallCommand())
	return cmd
}

func (f *extcapFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.interfaces, "extcap-interfaces", false, "list the interfaces")
	flags.StringVar(&f.version, "extcap-version", "", "version of the one who asks")
	flags.BoolVar(&f.dlts, "extcap-dlts", false, "list the link types of an interface")
	flags.BoolVar(&f.config, "extcap-config", false, "list the options of an interface")
	flags.StringVar(&f.of, "extcap-interface", "", "the interface that is meant")
	flags.StringVar(&f.reload, "extcap-reload-option", "", "list the values of this option anew")
	flags.StringVar(&f.captureFilter, "extcap-capture-filter", "", "only packets that fit this expression; without --capture it is only checked")
	flags.BoolVar(&f.capture, "capture", false, "capture")
	flags.StringVar(&f.pipe, "fifo", "", "named pipe to write to")
	flags.BoolVar(&f.refresh, "refresh", false, "ask the daemon for what there is to capture, and keep it")
	flags.StringVar(&f.vm, "vm", "", "VM to mirror")
	flags.StringVar(&f.query.Filter, "filter", "", "only packets that fit this expression")
	flags.StringVar(&f.query.Direction, "direction", "", "both, from-vm or to-vm")
	flags.IntVar(&f.query.SnapLength, "snaplen", 0, "bytes to keep of each packet; 0: all")
	flags.VisitAll(func(flag *pflag.Flag) { flag.Hidden = true })
}

func (f *extcapFlags) run(cmd *cobra.Command) error {
	out := cmd.OutOrStdout()
	switch {
	case f.refresh:
		return f.renew(cmd)
	case f.interfaces:
		return extcap.WriteInterfaces(out, versionName(), f.directory(cmd, extcap.OfSessions))
	case f.of == "":
		return cmd.Help()
	case !f.known():
		return exitWith(exitNotFound, "there is no interface %q", f.of)
	case f.dlts:
		return extcap.WriteDLTs(out)
	case f.config && f.reload != "":
		return extcap.WriteReload(out, f.reload, f.directory(cmd, extcap.OfReload))
	case f.config && f.of == extcap.Mirror:
		return extcap.WriteConfig(out, f.of, f.directory(cmd, extcap.OfVMs))
	case f.config:
		return extcap.WriteConfig(out, f.of, extcap.Directory{})
	case f.capture:
		return f.captureTo(cmd)
	case f.captureFilter != "":
		return f.verify(out)
	}
	return usageError{errors.New("nothing is asked of the interface: want --extcap-dlts, --extcap-config or --capture")}
}

func (f *extcapFlags) known() bool {
	_, ok := extcap.SessionOf(f.of)
	return ok || f.of == extcap.Mirror
}

// verify answers whether a filter is one: Wireshark takes what is printed for the reason why not, of which it shows the first line.
func (f *extcapFlags) verify(out io.Writer) error {
	if err := compiles(f.captureFilter); err != nil {
		_, err = fmt.Fprintln(out, err)
		return err
	}
	return nil
}

// compiles says in one line what is wrong with a filter.
func compiles(expression string) error {
	var wrong *filter.Error
	if _, err := filter.Compile(expression); errors.As(err, &wrong) {
		return fmt.Errorf("the filter is none: %s at byte %d", wrong.Problem, wrong.Offset)
	}
	return nil
}

// wanted is the filter: Wireshark's own and that of the interface's options must both hold.
func (f *extcapFlags) wanted() (string, error) {
	for _, expression := range []string{f.captureFilter, f.query.Filter} {
		if err := compiles(expression); err != nil {
			return "", err
		}
	}
	if f.captureFilter != "" && f.query.Filter != "" {
		return "(" + f.captureFilter + ") and (" + f.query.Filter + ")", nil
	}
	return cmp.Or(f.captureFilter, f.query.Filter), nil
}

// captureTo captures into the pipe until whoever reads it leaves, the session ends, or a signal comes.
func (f *extcapFlags) captureTo(cmd *cobra.Command) (err error) {
	if f.pipe == "" {
		return usageError{errors.New("where to? want --fifo")}
	}
	if f.query.Filter, err = f.wanted(); err != nil {
		return err
	}
	signal.Ignore(syscall.SIGPIPE)
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	name, _ := extcap.SessionOf(f.of)
	if f.of == extcap.Mirror {
		var end func() error
		if name, end, err = f.mirror(cmd, c); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	in, err := c.Packets(ctx, name, f.query)
	if err != nil {
		return failed(cmd, err)
	}
	defer func() { _ = in.Close() }() // it was read, or given up
	pipe, err := capturing.OpenPipe(ctx, f.pipe)
	if err != nil {
		return unlessInterrupted(ctx, err)
	}
	defer func() { _ = pipe.Close() }() // what is written to a pipe is written
	read, leave := capturing.WhileRead(ctx, pipe)
	defer leave()
	defer context.AfterFunc(read, stop)()
	err = capturing.CopyToLeaver(read, pipe, in, new(capturing.Counts), extcapStatistics)
	if errors.Is(err, capturing.ErrReaderGone) {
		return nil
	}
	return unlessInterrupted(ctx, err)
}

// extcapStatistics is how often the statistics are told. Wireshark's programs stop reading first and tell of it after, so that no end can
// be written to a capture that is stopped: what they have read by then is the file.
const extcapStatistics = time.Second

func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// mirror makes a session for the VM, which lives until end is called, and not much longer if it never is.
func (f *extcapFlags) mirror(cmd *cobra.Command, c *client.Client) (name string, end func() error, err error) {
	if f.vm == "" {
		return "", nil, errors.New("which VM is to be mirrored? choose one in the options of the interface (--vm)")
	}
	p, err := extcap.NewPassing(cmd.Context(), c, extcap.Unescape(f.vm), f.query.Direction)
	if err != nil {
		return "", nil, failed(cmd, err)
	}
	ctx, stop := context.WithCancel(cmd.Context())
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		p.Keep(ctx)
	}()
	return p.Name(), func() error {
		stop()
		<-kept
		return p.Remove()
	}, nil
}

// extcapRenewal bounds what is asked for later.
const extcapRenewal = 20 * time.Second

// directory is what there is to capture, and nothing where the daemon's address is none.
func (f *extcapFlags) directory(cmd *cobra.Command, part extcap.Part) extcap.Directory {
	c, err := connect(cmd)
	if err != nil {
		return extcap.Directory{}
	}
	return extcap.Known(cmd.Context(), c, part)
}

// renew asks the daemon for everything, and keeps it.
func (f *extcapFlags) renew(cmd *cobra.Command) error {
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	cache, err := extcap.NewCache(c.String())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), extcapRenewal)
	defer cancel()
	return cache.Alone(func() error {
		d, err := extcap.Ask(ctx, c)
		if err != nil {
			return failed(cmd, err)
		}
		return cache.Write(d)
	})
}
