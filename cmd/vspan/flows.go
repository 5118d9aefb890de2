package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/render"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
)

// flowsFlags are the flags of vspan flows.
type flowsFlags struct {
	look   lookFlags
	filter client.FlowFilter
	limit  int
	why    bool
}

func newFlowsCommand() *cobra.Command {
	var f flowsFlags
	cmd := &cobra.Command{
		Use:     "flows NAME",
		Short:   "Show the conversations of a session, and what is wrong with them",
		GroupID: groupOperate,
		Long: `flows lists who talked with whom in what a session mirrors: packets and bytes each way, the state of TCP, the round trip of the
handshake, retransmissions, the hosts that mirrored it, and what is wrong with it. With -o json it prints one object a line.

The daemon begins to look when it is asked first, and goes on for ten minutes after the last question. What the mirror itself lost is not
blamed on the network. With -r it reads a capture file instead: of mirror packets, which are unwrapped, or of frames as they are.`,
		Example: `  vspan flows web-01
  vspan flows web-01 --problem any --why
  vspan flows web-01 --watch --sort bytes
  vspan flows -r capture.pcapng -o json | jq 'select(.problems != [])'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeSession,
		RunE:              func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.look.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.filter.Problem, "problem", "", "only those with this problem, or with any")
	flags.StringVar(&f.filter.Host, "host", "", "only those of this address or network, or seen at this ESXi host")
	flags.IntVar(&f.filter.Port, "port", 0, "only those of which one end has this port")
	flags.StringVar(&f.filter.Protocol, "protocol", "", "only those of this protocol, by name or number")
	flags.StringVar(&f.filter.Sort, "sort", "first", "first, last, bytes, packets, retransmissions or rtt")
	flags.IntVar(&f.limit, "limit", 0, "print no more than so many; 0: all")
	flags.BoolVar(&f.why, "why", false, "say beneath each what its problems and doubts are, and which packets show them")
	problems := []string{"any"}
	for _, k := range flow.Kinds() {
		problems = append(problems, k.String())
	}
	mustComplete(cmd, "problem", cobra.FixedCompletions(problems, cobra.ShellCompDirectiveNoFileComp))
	mustComplete(cmd, "sort", cobra.FixedCompletions([]string{"first", "last", "bytes", "packets", "retransmissions", "rtt"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *flowsFlags) run(cmd *cobra.Command, args []string) error {
	name, rest, err := f.look.subject(args)
	if err == nil && len(rest) > 0 {
		err = usageError{fmt.Errorf("%q is too much beside -r", rest[0])}
	}
	if err == nil && f.limit < 0 {
		err = usageError{fmt.Errorf("--limit %d: want 0 or more", f.limit)}
	}
	if err != nil {
		return err
	}
	if f.look.file != "" {
		list, err := f.recorded(cmd)
		if err != nil && len(list.Items) == 0 {
			return err
		}
		return cmp.Or(f.print(cmd, list), err)
	}
	c, err := connect(cmd)
	if err != nil {
		return err
	}
	asked := time.Now()
	list, err := c.Flows(cmd.Context(), name, f.filter, f.limit)
	if err != nil {
		return failed(cmd, err)
	}
	if err := f.look.beginning(cmd, name, list.Tracking.Since, asked, list.Verdict); err != nil {
		return err
	}
	known := map[string]uint64{}
	return f.look.again(cmd, func() error {
		list, err := c.Flows(cmd.Context(), name, f.filter, f.limit)
		if err != nil {
			return failed(cmd, err)
		}
		if f.look.watch && f.look.output == formatJSON {
			list.Items = changed(list.Items, known)
		}
		return f.print(cmd, list)
	})
}

// changed are the conversations that have other packets than they had.
func changed(all []wire.Flow, known map[string]uint64) (some []wire.Flow) {
	seen := make(map[string]bool, len(all))
	for _, f := range all {
		key := fmt.Sprint(f.A, f.B, f.Protocol, f.VLAN, f.First.UnixNano())
		seen[key] = true
		if n := f.AToB.Packets + f.BToA.Packets; known[key] != n {
			known[key] = n
			some = append(some, f)
		}
	}
	for key := range known {
		if !seen[key] {
			delete(known, key)
		}
	}
	return some
}

// recorded are the conversations of the capture file.
func (f *flowsFlags) recorded(cmd *cobra.Command) (wire.FlowList, error) {
	picked, order, err := f.query()
	if err != nil {
		return wire.FlowList{}, err
	}
	t := flow.NewTracker(flow.Config{Flows: recordedFlows})
	first, last, err := f.look.read(cmd, t.Observe)
	all := t.Flows(last, picked.Keep)
	order.Sort(all)
	if f.limit > 0 {
		all = all[:min(len(all), f.limit)]
	}
	list := wire.FlowList{Tracking: render.Tracking(t.Totals(), first, last, 0), Scans: render.Scans(t.Scans(last))}
	for i := range all {
		list.Items = append(list.Items, render.Flow(&all[i]))
	}
	return list, err
}

// recordedFlows is how many conversations of a file are kept: 2 GB at most.
const recordedFlows = 1 << 20

// query is what the daemon would make of the flags.
func (f *flowsFlags) query() (flow.Query, flow.Order, error) {
	order, ok := flow.ParseOrder(f.filter.Sort)
	if !ok {
		return flow.Query{}, order, usageError{fmt.Errorf("--sort %q: want first, last, bytes, packets, retransmissions or rtt", f.filter.Sort)}
	}
	q := flow.Query{Troubled: f.filter.Problem == "any", Port: uint16(f.filter.Port)}
	if f.filter.Port < 0 || f.filter.Port > 65535 {
		return q, order, usageError{fmt.Errorf("--port %d: want 1 to 65535", f.filter.Port)}
	}
	if f.filter.Problem != "" && !q.Troubled {
		if q.Problem, ok = flow.ParseKind(f.filter.Problem); !ok {
			return q, order, usageError{fmt.Errorf("--problem %q: there is no such problem; complete it with Tab, or say any", f.filter.Problem)}
		}
	}
	if f.filter.Host != "" {
		q.Within, q.Host = flow.ParseHost(f.filter.Host)
	}
	if f.filter.Protocol != "" {
		if q.Protocol, ok = flow.ParseProtocol(f.filter.Protocol); !ok {
			return q, order, usageError{fmt.Errorf("--protocol %q: want a name like tcp or udp, or a number up to 255", f.filter.Protocol)}
		}
	}
	return q, order, nil
}

// print prints conversations: lines of JSON, or a table.
func (f *flowsFlags) print(cmd *cobra.Command, list wire.FlowList) error {
	out := cmd.OutOrStdout()
	if f.look.output == formatJSON {
		return writeJSONLines(out, list.Items)
	}
	if f.look.watch && onTerminal(cmd) {
		fmt.Fprint(out, "\x1b[H\x1b[2J")
	}
	if err := f.printTable(out, list.Items); err != nil {
		return err
	}
	for _, s := range list.Scans {
		fmt.Fprintf(out, "port scan by %s: %d attempts, %d answered, at about %d hosts and %d ports\n", s.From, s.Attempts, s.Answered, s.Hosts, s.Ports)
	}
	mention(cmd, list.Tracking, list.Verdict)
	return nil
}

func (f *flowsFlags) printTable(out io.Writer, all []wire.Flow) error {
	t := newTable(out, "PROTO", "A", "B", "STATE", "A>B PKTS", "BYTES", "B>A PKTS", "BYTES", "RTT", "RETRANS", "HOSTS", "PROBLEMS")
	for _, w := range all {
		t.row(w.Protocol, endText(w.A), endText(w.B), w.State, count(w.AToB.Packets), count(w.AToB.Bytes), count(w.BToA.Packets), count(w.BToA.Bytes),
			w.HandshakeRTT, count(w.Retransmissions), strings.Join(w.Hosts, ","), codes(w.Problems))
	}
	if err := t.flush(); err != nil || !f.why {
		return err
	}
	for _, w := range all {
		if len(w.Problems)+len(w.Doubts)+len(w.Firewalls) > 0 {
			explainFlow(out, w)
		}
	}
	return nil
}

// explainFlow says what is wrong with a conversation.
func explainFlow(out io.Writer, w wire.Flow) {
	fmt.Fprintf(out, "\n%s %s to %s\n", printable(w.Protocol), endText(w.A), endText(w.B))
	for _, p := range w.Problems {
		explainProblem(out, p)
	}
	for _, p := range w.Doubts {
		explainProblem(out, p)
	}
	for _, v := range w.Firewalls {
		fmt.Fprintf(out, "  a firewall at %s: %s %s\n", printable(v.Site), v.Verdict, printable(cmp.Or(v.Reason, v.Doubt)))
	}
}

func explainProblem(out io.Writer, p wire.FlowProblem) {
	site, doubt := "", ""
	if p.Site != "" {
		site = " at " + printable(p.Site)
	}
	if p.Doubt != "" {
		doubt = fmt.Sprintf(" (in doubt: %s)", p.Doubt)
	}
	fmt.Fprintf(out, "  %s%s%s: %s\n", p.Code, site, doubt, printable(p.Message))
	for _, k := range p.Packets {
		fmt.Fprintf(out, "    %s  packet %d from %s at %s  %s\n", k.Time.UTC().Format(time.RFC3339Nano), k.Number, k.From, orDash(k.Host), orDash(k.Summary))
	}
}

func codes(problems []wire.FlowProblem) string {
	var all []string
	for _, p := range problems {
		text := p.Code
		if p.Site != "" {
			text += "@" + p.Site
		}
		all = append(all, text)
	}
	return strings.Join(all, ",")
}

func endText(e wire.FlowEnd) string {
	if e.Port == 0 {
		return e.Address
	}
	return net.JoinHostPort(e.Address, strconv.Itoa(e.Port))
}

func count(n uint64) string { return strconv.FormatUint(n, 10) }
