package main

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func newSessionListCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the sessions and whether they deliver",
		Example: `  vspan session list
  vspan session list -o json | jq -r '.items[] | select(.status.verdict.state == "lost") | .name'`,
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			all, err := c.Sessions(cmd.Context(), client.Filter{})
			if err != nil {
				return failed(cmd, err)
			}
			if err := mentionDamaged(cmd, c); err != nil {
				return err
			}
			if output == formatJSON {
				return writeItems(cmd.OutOrStdout(), all)
			}
			return printSessionTable(cmd.OutOrStdout(), all, time.Now())
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// printSession prints one session: as a row of the list, or as JSON.
func printSession(cmd *cobra.Command, s wire.Session, output format) error {
	if output == formatJSON {
		return writeJSON(cmd.OutOrStdout(), s)
	}
	return printSessionTable(cmd.OutOrStdout(), []wire.Session{s}, time.Now())
}

func printSessionTable(w io.Writer, all []wire.Session, now time.Time) error {
	t := newTable(w, "NAME", "STATE", "REASON", "SOURCES", "ENCAP", "ID", "PKTS/S", "AGE", "EXPIRES")
	for _, s := range all {
		state, reason := standing(s)
		t.row(s.Name, state, reason, sourcesInShort(s),
			s.Spec.Encapsulation.Type, idInForce(s), rate(s.Status.Evidence.PacketsPerSecond),
			span(now.Sub(s.CreatedAt)), expiry(s, now))
	}
	return t.flush()
}

// standing is the verdict in two words; of a session that its switch did not take, and that was not judged since, that. What was
// judged before the spec changed says nothing of the session as it is asked for now.
func standing(s wire.Session) (state, reason string) {
	v := s.Status.Verdict
	if s.Status.ObservedGeneration < s.Generation && v.State != mirror.Unknown.String() {
		return mirror.Pending.String(), mirror.NotApplied.String()
	}
	if v.State != mirror.Pending.String() || refused(s) == nil {
		return cmp.Or(v.State, mirror.Unknown.String()), v.Reason
	}
	c := conditionOf(s, mirror.ConditionApplied)
	for _, r := range mirror.Reasons() {
		if r.CamelCase() == c.Reason {
			return mirror.Failed.String(), r.String()
		}
	}
	return mirror.Failed.String(), c.Reason
}

// maxSourcesShown is how many sources a row names.
const maxSourcesShown = 2

func sourcesInShort(s wire.Session) string {
	var names []string
	for _, source := range s.Spec.Sources {
		names = append(names, sourceName(source))
	}
	if more := len(names) - maxSourcesShown; more > 0 {
		names = append(names[:maxSourcesShown], fmt.Sprintf("+%d", more))
	}
	return strings.Join(names, ",")
}

// sourceName is a source in a word.
func sourceName(s wire.Source) string {
	switch {
	case s.VM != "" && s.NIC != "":
		return s.VM + "/" + s.NIC
	case s.VM != "":
		return s.VM
	case s.Portgroup != "":
		return "portgroup:" + s.Portgroup
	case s.PortKey != "":
		return "port:" + s.PortKey
	case s.Selector != nil:
		return "selector:" + cmp.Or(s.Selector.Name, s.Selector.Folder, s.Selector.Tag)
	}
	return ""
}

// idInForce is the ERSPAN id that the packets bear.
func idInForce(s wire.Session) string {
	id := s.Spec.Encapsulation.ID
	if s.Status.Switch != nil {
		id = cmp.Or(s.Status.Switch.ERSPANID, id)
	}
	if id == 0 {
		return ""
	}
	return strconv.Itoa(id)
}

// rate is a number per second.
func rate(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return strconv.FormatFloat(perSecond, 'f', 0, 64)
}

func expiry(s wire.Session, now time.Time) string {
	if !s.DeletedAt.IsZero() {
		return "being removed"
	}
	if s.ExpiresAt.IsZero() {
		return "never"
	}
	if left := s.ExpiresAt.Sub(now); left > 0 {
		return "in " + span(left)
	}
	return "over"
}

// span is a duration in its two largest units at most.
func span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch days := d / (24 * time.Hour); {
	case days >= 10:
		return fmt.Sprintf("%dd", days)
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, d%(24*time.Hour)/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return d.String()
}
