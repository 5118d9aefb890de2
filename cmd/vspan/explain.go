package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/cmd/vspan/explain"
)

func newExplainCommand() *cobra.Command {
	as := pageText
	var bytes bool
	cmd := &cobra.Command{
		Use:     "explain NAME",
		GroupID: groupOperate,
		Short:   "Explain a session's verdict: a page to put into a ticket",
		Long: `explain prints what is known about a session: the verdict on it and on each source with the figures they rest on, what is wrong and
what to do, what has to arrive beside what does, how the verdict came about, what was done to it, the hosts, the headers of some of
the last packets and the first bytes of each sender.

Of packets only headers are shown. With --bytes the first bytes go on behind them: that is payload, which the daemon may refuse, and
it is noted in the session's history.`,
		Example: `  vspan explain web-01
  vspan explain web-01 -o markdown | xclip
  vspan explain web-01 -o json | jq .evidence.history`,
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			p, err := gather(cmd.Context(), c, args[0], bytes)
			if err != nil {
				return failed(cmd, err)
			}
			return as.write(cmd.OutOrStdout(), p)
		},
	}
	cmd.Flags().VarP(&as, "output", "o", "how to print: text, markdown or json")
	mustComplete(cmd, "output", cobra.FixedCompletions(pageFormats, cobra.ShellCompDirectiveNoFileComp))
	cmd.Flags().BoolVar(&bytes, "bytes", false, "with the first bytes behind the headers: payload")
	return cmd
}

// gather asks the daemon for everything that is on the page.
func gather(ctx context.Context, c *client.Client, name string, bytes bool) (p explain.Page, err error) {
	p.Command = versionName()
	if p.Session, err = c.Session(ctx, name); err != nil {
		return p, err
	}
	if p.Evidence, err = c.Transcript(ctx, name, bytes); err != nil {
		return p, err
	}
	if p.Events, err = c.SessionEvents(ctx, name, p.Session.UID); err != nil {
		return p, err
	}
	p.Receivers, err = c.Receivers(ctx)
	return p, err
}

// pageFormat is how a page is printed.
type pageFormat string

const (
	pageText     pageFormat = "text"
	pageMarkdown pageFormat = "markdown"
	pageJSON     pageFormat = "json"
)

var pageFormats = []string{string(pageText), string(pageMarkdown), string(pageJSON)}

// String, Set and Type make it a flag.
func (f *pageFormat) String() string { return string(*f) }

func (f *pageFormat) Set(s string) error {
	switch pageFormat(s) {
	case pageText, pageMarkdown, pageJSON:
		*f = pageFormat(s)
		return nil
	}
	return fmt.Errorf("want %s", strings.Join(pageFormats, ", "))
}

func (f *pageFormat) Type() string { return "format" }

func (f *pageFormat) write(w io.Writer, p explain.Page) error {
	switch *f {
	case pageJSON:
		return writeJSON(w, p)
	case pageMarkdown:
		return p.Markdown(w)
	}
	return p.Text(w)
}
