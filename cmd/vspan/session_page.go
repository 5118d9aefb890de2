package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

func newSessionGetCommand() *cobra.Command {
	var output format
	cmd := &cobra.Command{
		Use:   "get NAME",
		Short: "Show one session: what is asked for, where it stands, what arrives",
		Example: `  vspan session get web-01
  vspan session get web-01 -o json | jq .status.verdict`,
		Args:              oneArgument("NAME"),
		ValidArgsFunction: completeSession,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect(cmd)
			if err != nil {
				return err
			}
			s, err := c.Session(cmd.Context(), args[0])
			if err != nil {
				return failed(cmd, err)
			}
			if output == formatJSON {
				return writeJSON(cmd.OutOrStdout(), s)
			}
			return printSessionPage(cmd.OutOrStdout(), s, time.Now())
		},
	}
	addOutputFlag(cmd, &output)
	return cmd
}

// page prints named facts for a person, and tables between them.
type page struct {
	out io.Writer
	w   *tabwriter.Writer
}

func newPage(out io.Writer) page {
	return page{out, tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)}
}

// fact prints a line, unless there is nothing to say.
func (p page) fact(name, value string) {
	if value != "" {
		fmt.Fprintf(p.w, "%s\t%s\n", name, printable(value))
	}
}

// section begins a table below a line of its own.
func (p page) section(columns ...string) (table, error) {
	if err := p.w.Flush(); err != nil {
		return table{}, err
	}
	fmt.Fprintln(p.out)
	return newTable(p.out, columns...), nil
}

func printSessionPage(w io.Writer, s wire.Session, now time.Time) error {
	p := newPage(w)
	p.fact("Session", s.Name)
	p.fact("Verdict", verdictSince(s.Status.Verdict, now))
	p.fact("", s.Status.Verdict.Message)
	printSpec(p, s, now)
	printPlacement(p, s)
	if err := printDiagnoses(p, s.Status.Diagnoses); err != nil {
		return err
	}
	if err := printConditions(p, s.Status, now); err != nil {
		return err
	}
	if err := printSources(p, s.Status.Sources); err != nil {
		return err
	}
	return printEvidence(p, s.Status.Evidence, now)
}

func verdictSince(v wire.Verdict, now time.Time) string {
	text := fmt.Sprintf("%s (%s)", cmp.Or(v.State, "none yet"), cmp.Or(v.Reason, "nothing is known"))
	if !v.Since.IsZero() {
		text += ", for " + span(now.Sub(v.Since))
	}
	return text
}

func printSpec(p page, s wire.Session, now time.Time) {
	spec := s.Spec
	for i, source := range spec.Sources {
		p.fact([]string{"Mirrors", ""}[min(i, 1)], fmt.Sprintf("%s, %s", sourceName(source), cmp.Or(source.Direction, "both")))
	}
	p.fact("Sent to", cmp.Or(strings.Join(spec.Destination.Addresses, ", "), "receiver "+spec.Destination.Receiver))
	p.fact("As", encapsulationInWords(s))
	if spec.SnapLength > 0 {
		p.fact("Snap length", fmt.Sprintf("%d bytes of each frame", spec.SnapLength))
	}
	if spec.Sampling > 1 {
		p.fact("Sampling", fmt.Sprintf("one of %d packets", spec.Sampling))
	}
	p.fact("Netstack", spec.Netstack)
	if spec.Enabled != nil && !*spec.Enabled {
		p.fact("Enabled", "no")
	}
	p.fact("On drift", spec.OnDrift)
	p.fact("Expires", expiryInWords(s, now))
	p.fact("Created", strings.TrimSuffix(s.CreatedAt.UTC().Format(time.DateTime)+" UTC by "+s.CreatedBy, " by "))
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		labels = append(labels, key+"="+s.Labels[key])
	}
	p.fact("Labels", strings.Join(labels, ", "))
}

func encapsulationInWords(s wire.Session) string {
	e := s.Spec.Encapsulation
	words := []string{e.Type}
	if id := idInForce(s); id != "" {
		words = append(words, "id "+id)
	}
	if e.COS != 0 {
		words = append(words, "cos "+strconv.Itoa(e.COS))
	}
	if e.Nanoseconds {
		words = append(words, "nanoseconds")
	}
	return strings.Join(words, ", ")
}

func expiryInWords(s wire.Session, now time.Time) string {
	if s.ExpiresAt.IsZero() || !s.DeletedAt.IsZero() {
		return expiry(s, now)
	}
	return fmt.Sprintf("%s (%s UTC)", expiry(s, now), s.ExpiresAt.UTC().Format(time.DateTime))
}
