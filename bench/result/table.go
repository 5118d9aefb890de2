package result

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// Print writes the table, and below it what there is to say about its rows.
func (r *Report) Print(w io.Writer) error {
	fmt.Fprintf(w, "%s\n", r.Machine)
	if r.Short {
		fmt.Fprintf(w, "the short form: the figures show that it works, not how fast\n")
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tOURS\tRIVAL\tUNIT\tRATIO\tLIMIT\tHOLDS\tINSTRUCTIONS")
	for i := range r.Rows {
		row := &r.Rows[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.Name, figure(row.Ours), figure(row.Theirs), row.Unit, figure(row.Ratio),
			row.limit(), row.verdict(), row.Instructions.String())
	}
	if err := t.Flush(); err != nil {
		return err
	}
	return r.printNotes(w)
}

func (r *Report) printNotes(w io.Writer) error {
	fmt.Fprintln(w)
	for i := range r.Rows {
		row := &r.Rows[i]
		against := ""
		if row.Rival != "" {
			against = ", against " + row.Rival
		}
		if _, err := fmt.Fprintf(w, "%s: %s%s\n", row.Name, row.Work, against); err != nil {
			return err
		}
		if row.NotMeasured != "" {
			fmt.Fprintf(w, "    not measured: %s\n", row.NotMeasured)
		}
		for _, note := range row.Notes {
			fmt.Fprintf(w, "    %s\n", note)
		}
	}
	return nil
}

func (r *Row) verdict() string {
	switch {
	case r.Holds == nil && r.NotMeasured != "":
		return "not measured"
	case r.Holds == nil:
		return "-"
	case *r.Holds:
		return "yes"
	}
	return "NO"
}

func (r *Row) limit() string {
	switch {
	case r.Limit == nil:
		return "-"
	case r.LimitOf == OursFigure:
		return "≤ " + figure(r.Limit)
	}
	return "≤ " + figure(r.Limit) + " ×"
}

// String is for the table.
func (i *Instructions) String() string {
	switch {
	case i == nil:
		return "-"
	case i.NotMeasured != "":
		return "not measured"
	}
	return fmt.Sprintf("%s / %s = %s", figure(&i.Ours), figure(&i.Rival), figure(&i.Ratio))
}

// figure is a number with three digits that count, or all those before the point.
func figure(f *float64) string {
	switch {
	case f == nil:
		return "-"
	case *f >= 100 || *f == 0:
		return strconv.FormatFloat(*f, 'f', 0, 64)
	case *f < 0.001 && *f > -0.001:
		return strconv.FormatFloat(*f, 'g', 3, 64)
	case *f >= 10:
		return strconv.FormatFloat(*f, 'f', 1, 64)
	case *f >= 1:
		return strconv.FormatFloat(*f, 'f', 2, 64)
	}
	return strconv.FormatFloat(*f, 'f', 3, 64)
}
