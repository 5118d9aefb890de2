package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/talkers"
)

// talkersFlags are the flags of vspan talkers.
type talkersFlags struct {
	look   lookFlags
	top    int
	window time.Duration
}

func newTalkersCommand() *cobra.Command {
	var f talkersFlags
	cmd := &cobra.Command{
		Use:     "talkers NAME",
		Short:   "Show who talks most in a session, and who talks to whom",
		GroupID: groupOperate,
		Long: `talkers adds up what a session mirrors: the hosts, services and protocols with most bytes, and the graph of who talks to whom, which
-o json has as nodes (hosts) and edges with their rates. Memory is bounded whatever arrives: what is estimated says how far off it may be.

The daemon begins to look when it is asked first, and goes on for ten minutes after the last question. With -r it reads a capture file
instead, and the rates are those of all of it.`,
		Example: `  vspan talkers web-01 --top 5
  vspan talkers web-01 -o json | jq -r '.edges[] | "\(.a) -> \(.b) \(.bitsPerSecond)"'
  vspan talkers -r capture.pcap`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSession,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.look.register(cmd)
	cmd.Flags().IntVar(&f.top, "top", 10, "how many of each, 1 to 2048")
	cmd.Flags().DurationVar(&f.window, "window", time.Second, "how long rates are taken over, at most 20s")
	return cmd
}

func (f *talkersFlags) run(cmd *cobra.Command, args []string) error {
	name, rest, err := f.look.subject(args)
	switch {
	case err != nil:
		return err
	case len(rest) > 0:
		return usageError{fmt.Errorf("%q is too much beside -r", rest[0])}
	case f.top < 1 || f.top > 2048:
		return usageError{fmt.Errorf("--top %d: want 1 to 2048", f.top)}
	}
	if f.look.file != "" {
		return f.recorded(cmd)
	}
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	asked := time.Now()
	t, err := c.Talkers(cmd.Context(), name, 1, 0)
	if err != nil {
		return failed(cmd, err)
	}
	if err := f.look.beginning(cmd, name, t.Tracking.Since, asked, t.Verdict); err != nil {
		return err
	}
	return f.look.again(cmd, func() error {
		t, err := c.Talkers(cmd.Context(), name, f.top, f.window)
		if err != nil {
			return failed(cmd, err)
		}
		return f.print(cmd, t)
	})
}

func (f *talkersFlags) recorded(cmd *cobra.Command) error {
	t := flow.NewTracker(flow.Config{Flows: recordedFlows})
	first, last, err := f.look.read(cmd, t.Observe)
	if err != nil && t.Totals().Packets == 0 {
		return err
	}
	w := render.Talkers(t.Talkers().RatesSince(talkers.View{}, last.Sub(first)), f.top)
	w.Window = last.Sub(first).String()
	w.Tracking = render.Tracking(t.Totals(), first, last, 0)
	if failed := f.print(cmd, w); failed != nil {
		return failed
	}
	return err
}

func (f *talkersFlags) print(cmd *cobra.Command, t wire.Talkers) error {
	out := cmd.OutOrStdout()
	if f.look.output == formatJSON {
		return writeJSON(out, t)
	}
	if f.look.watch && onTerminal(cmd) {
		fmt.Fprint(out, "\x1b[H\x1b[2J")
	}
	hosts := newTable(out, "HOST", "PACKETS", "BYTES", "SENT", "RECEIVED", "BIT/S")
	for _, h := range t.Hosts {
		hosts.row(h.Address, count(h.Packets), talkedBytes(h.Talked), count(h.SentBytes), count(h.ReceivedBytes), rate(h.BitsPerSecond))
	}
	services := newTable(out, "SERVICE", "PACKETS", "BYTES", "BIT/S")
	for _, p := range t.Ports {
		services.row(service(p.Protocol, p.Port), count(p.Packets), talkedBytes(p.Talked), rate(p.BitsPerSecond))
	}
	protocols := newTable(out, "PROTOCOL", "PACKETS", "BYTES", "BIT/S")
	for _, p := range t.Protocols {
		protocols.row(p.Protocol, count(p.Packets), talkedBytes(p.Talked), rate(p.BitsPerSecond))
	}
	edges := newTable(out, "BETWEEN", "AND", "SERVICE", "PACKETS", "BYTES", "BIT/S")
	for _, e := range t.Edges {
		edges.row(e.A, e.B, service(e.Protocol, e.Port), count(e.Packets), talkedBytes(e.Talked), rate(e.BitsPerSecond))
	}
	for i, table := range []table{hosts, services, protocols, edges} {
		if i > 0 {
			fmt.Fprintln(out)
		}
		if err := table.flush(); err != nil {
			return err
		}
	}
	mention(cmd, t.Tracking, t.Verdict)
	return nil
}

func service(protocol string, port int) string {
	if port == 0 {
		return protocol
	}
	return protocol + "/" + strconv.Itoa(port)
}

// talkedBytes is a number of bytes, and how far off it may be.
func talkedBytes(t wire.Talked) string {
	if t.Over == 0 {
		return count(t.Bytes)
	}
	return fmt.Sprintf("%d to %d", t.Bytes-min(t.Over, t.Bytes), t.Bytes)
}
