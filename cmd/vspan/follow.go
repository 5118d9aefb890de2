package main

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
)

// followFlags are the flags of vspan follow.
type followFlags struct {
	look lookFlags
	http bool
}

func newFollowCommand() *cobra.Command {
	var f followFlags
	cmd := &cobra.Command{
		Use:     "follow NAME [STREAM]",
		Short:   "Put the TCP streams of a session together and read them",
		GroupID: groupOperate,
		Long: `follow lists the streams of what a session mirrors: HTTP/1.x, DNS and the beginning of TLS are read. With STREAM, its number in the
list or one of its ends as ADDRESS:PORT, it prints what both ends said, each in a colour of its own on a terminal (NO_COLOR turns
that off), and what was not seen as a gap. With --http it prints the requests and responses, one a line.

What was said is shown where the daemon allows it (payload: allow), and that it was shown is in the session's history. The daemon begins
to follow when it is asked first, and goes on for ten minutes after the last question. With -r it reads a capture file instead.`,
		Example: `  vspan follow web-01 --http --watch
  vspan follow web-01 12
  vspan follow -r capture.pcap 10.0.0.1:40000
  vspan follow web-01 -o json | jq -r 'select(.tls) | .tls.serverName'`,
		Args:              cobra.MaximumNArgs(2),
		ValidArgsFunction: completeSession,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.look.register(cmd)
	cmd.Flags().BoolVar(&f.http, "http", false, "print HTTP requests and responses")
	return cmd
}

// library is where streams come from: a daemon, or a file.
type library interface {
	streams() (wire.StreamList, error)
	// stream is one of them, with what was said.
	stream(id uint64) (wire.Stream, error)
}

func (f *followFlags) run(cmd *cobra.Command, args []string) error {
	name, rest, err := f.look.subject(args)
	switch {
	case err != nil:
		return err
	case len(rest) > 1:
		return usageError{fmt.Errorf("one STREAM at a time: %q is too much", rest[1])}
	case len(rest) == 1 && f.http:
		return usageError{fmt.Errorf("--http is of all streams: say it without STREAM, or STREAM without it")}
	}
	from, broken := f.open(cmd, name)
	if from == nil {
		return broken
	}
	err = f.tell(cmd, from, rest)
	if err != nil {
		return err
	}
	return broken
}

func (f *followFlags) tell(cmd *cobra.Command, from library, rest []string) error {
	if len(rest) == 1 {
		return f.one(cmd, from, rest[0])
	}
	var teller exchangeTeller
	return f.look.again(cmd, func() error {
		list, err := from.streams()
		if err != nil {
			return err
		}
		if f.http {
			return teller.tell(cmd, list.Items, f.look.output, !f.look.watch)
		}
		return f.print(cmd, list)
	})
}

// open returns where the streams come from. With a file that breaks off it is what the file has, and why it has no more.
func (f *followFlags) open(cmd *cobra.Command, name string) (library, error) {
	if f.look.file != "" {
		follower := follow.NewFollower(follow.Limits{Streams: recordedStreams, Bytes: recordedBytes, Body: recordedBody}, nil)
		packets := 0
		_, last, err := f.look.read(cmd, func(p *flow.Packet) { packets++; follower.Observe(p) })
		if packets == 0 && err != nil {
			return nil, err
		}
		follower.Flush(last)
		return recordedFile{follower}, err
	}
	c, err := connect(cmd)
	if err != nil {
		return nil, err
	}
	asked := time.Now()
	list, err := c.Streams(cmd.Context(), name, "")
	if err != nil {
		return nil, failed(cmd, err)
	}
	if err := f.look.beginning(cmd, name, list.Following.Since, asked, list.Verdict); err != nil {
		return nil, err
	}
	return live{cmd, c, name}, nil
}

// Bounds of what is kept of a file.
const (
	recordedStreams = 4096
	recordedBytes   = 1 << 20 // of each stream
	recordedBody    = 16 << 10
)

// recordedFile are the streams of a file.
type recordedFile struct{ follower *follow.Follower }

func (r recordedFile) streams() (wire.StreamList, error) {
	list := wire.StreamList{Following: wire.Following{Evicted: r.follower.Evicted()}}
	for _, s := range r.follower.Streams() {
		list.Items = append(list.Items, render.Stream(&s, false))
	}
	return list, nil
}

func (r recordedFile) stream(id uint64) (wire.Stream, error) {
	s, ok := r.follower.Stream(id)
	if !ok {
		return wire.Stream{}, exitWith(exitNotFound, "there is no stream %d", id)
	}
	return render.Stream(&s, true), nil
}

// live are the streams of a session.
type live struct {
	cmd  *cobra.Command
	c    *client.Client
	name string
}

func (l live) streams() (wire.StreamList, error) {
	list, err := l.c.Streams(l.cmd.Context(), l.name, "")
	return list, failed(l.cmd, err)
}

func (l live) stream(id uint64) (wire.Stream, error) {
	s, err := l.c.Stream(l.cmd.Context(), l.name, id, true)
	return s, failed(l.cmd, err)
}

// print lists streams.
func (f *followFlags) print(cmd *cobra.Command, list wire.StreamList) error {
	out := cmd.OutOrStdout()
	if f.look.output == formatJSON {
		return writeJSONLines(out, list.Items)
	}
	if f.look.watch && onTerminal(cmd) {
		fmt.Fprint(out, "\x1b[H\x1b[2J")
	}
	t := newTable(out, "STREAM", "CLIENT", "SERVER", "KIND", "BYTES >", "BYTES <", "MISSING", "SAYS")
	for _, s := range list.Items {
		t.row(count(s.ID), endText(s.Client), endText(s.Server), s.Kind, count(s.FromClient.Bytes), count(s.FromServer.Bytes),
			count(s.FromClient.Missing+s.FromServer.Missing), gist(s))
	}
	if err := t.flush(); err != nil {
		return err
	}
	if n := list.Following.Evicted; n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %d streams made room for others\n", n)
	}
	if n := list.Following.Missed; n > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "note: %d packets arrived and were not looked at in time: they are gaps\n", n)
	}
	return nil
}

// gist is the most telling thing that a stream says, in a few words.
func gist(s wire.Stream) string {
	switch {
	case s.TLS != nil:
		return s.TLS.Version + " " + s.TLS.ServerName
	case len(s.HTTP) > 0:
		newest := s.HTTP[len(s.HTTP)-1]
		more := ""
		if n := len(s.HTTP) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d before)", n)
		}
		return exchangeText(newest) + more
	case len(s.DNS) > 0:
		return dnsText(s.DNS[len(s.DNS)-1])
	}
	return ""
}

// one prints what was said in a stream; with --watch until both ends have closed it.
func (f *followFlags) one(cmd *cobra.Command, from library, which string) error {
	id, err := find(from, which)
	if err != nil {
		return err
	}
	teller := newDialogue(cmd, f.look.output)
	ended := false
	err = f.look.again(cmd, func() error {
		if ended {
			return errEnded
		}
		s, err := from.stream(id)
		if err != nil {
			return err
		}
		ended = s.FromClient.Closed && s.FromServer.Closed
		return teller.tell(s)
	})
	if errors.Is(err, errEnded) {
		err = nil
	}
	return cmp.Or(err, teller.end())
}

// find is the number of a stream that is named by its number or by one of its ends; the newest, if there are several.
func find(from library, which string) (uint64, error) {
	if id, err := strconv.ParseUint(which, 10, 64); err == nil {
		return id, nil
	}
	list, err := from.streams()
	if err != nil {
		return 0, err
	}
	for i := len(list.Items) - 1; i >= 0; i-- {
		if s := list.Items[i]; endText(s.Client) == which || endText(s.Server) == which {
			return s.ID, nil
		}
	}
	return 0, exitWith(exitNotFound, "there is no stream %q: name it by its number or by one of its ends, as the list has them", which)
}
