package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/recorded"
	"github.com/vspan-io/vspan/mirror/flow"
)

// lookFlags are the flags of the commands that look at conversations, of a session or of a capture file.
type lookFlags struct {
	output format
	file   string
	watch  bool
	settle time.Duration
}

// register adds them to cmd.
func (f *lookFlags) register(cmd *cobra.Command) {
	addOutputFlag(cmd, &f.output)
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "read", "r", "", "read this capture file (pcap or pcapng, - for standard input), and ask no daemon")
	flags.BoolVar(&f.watch, "watch", false, "go on until interrupted")
	flags.DurationVar(&f.settle, "settle", 5*time.Second, "how long to look before printing, if looking begins only now")
	cmd.MarkFlagsMutuallyExclusive("read", "watch")
}

// subject is the session that the arguments name, and the rest of them; with a file there is none.
func (f *lookFlags) subject(args []string) (session string, rest []string, err error) {
	switch {
	case f.file != "":
		return "", args, nil
	case len(args) == 0:
		return "", nil, usageError{errors.New("which session? Or say -r FILE")}
	}
	return args[0], args[1:], nil
}

// read hands the frames of the file to take, and says when the first and the last of them came. One that breaks off has what it has;
// that it does is said on standard error, after the rest.
func (f *lookFlags) read(cmd *cobra.Command, take func(*flow.Packet)) (first, last time.Time, err error) {
	file := recorded.File{Path: f.file, Stdin: cmd.InOrStdin()}
	n := 0
	err = file.Read(cmd.Context(), func(p *flow.Packet) {
		if n++; n == 1 {
			first = p.Time
		}
		if p.Time.After(last) {
			last = p.Time
		}
		take(p)
	})
	return first, last, err
}

// beginning waits, when looking began with this question, until there is something to see; it says so. With --watch it does not wait.
func (f *lookFlags) beginning(cmd *cobra.Command, name string, since, asked time.Time, v wire.Verdict) error {
	if f.watch || since.Before(asked) || f.settle <= 0 {
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "looking at %s begins now, for %s; its mirror is %s\n", printable(name), f.settle, printable(v.State))
	return sleep(cmd.Context(), f.settle)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// mention says on standard error what makes an answer less than whole.
func mention(cmd *cobra.Command, t wire.Tracking, v wire.Verdict) {
	w := cmd.ErrOrStderr()
	if v.State != "" && v.State != "delivering" {
		fmt.Fprintf(w, "note: the mirror is %s: %s\n", printable(v.State), printable(v.Message))
	}
	if !t.Since.IsZero() {
		fmt.Fprintf(w, "looked at since %s: %d packets, %d conversations\n", t.Since.UTC().Format(time.RFC3339), t.Packets, t.Begun)
	}
	if t.Missed > 0 {
		fmt.Fprintf(w, "note: %d packets arrived and were not looked at in time\n", t.Missed)
	}
	if t.Evicted > 0 {
		fmt.Fprintf(w, "note: %d conversations made room for others\n", t.Evicted)
	}
}

// onTerminal reports whether what is printed goes to a terminal.
func onTerminal(cmd *cobra.Command) bool {
	f, ok := cmd.OutOrStdout().(*os.File)
	return ok && isTerminal(f)
}

// again calls show now, and with --watch every interval until interrupted, which is how watching is meant to end.
func (f *lookFlags) again(cmd *cobra.Command, show func() error) error {
	const interval = 2 * time.Second
	for {
		if err := show(); err != nil {
			if f.watch && cmd.Context().Err() != nil {
				return nil
			}
			return err
		}
		if !f.watch || sleep(cmd.Context(), interval) != nil {
			return nil
		}
	}
}
