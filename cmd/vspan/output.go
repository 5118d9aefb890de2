package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// format is how a command prints its data: for a person or for a program.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

// String, Set and Type make it a flag.
func (f *format) String() string { return string(*f) }

func (f *format) Set(s string) error {
	switch format(s) {
	case formatTable, formatJSON:
		*f = format(s)
		return nil
	}
	return fmt.Errorf("want %s", strings.Join(formatNames, " or "))
}

func (f *format) Type() string { return "format" }

var formatNames = []string{string(formatTable), string(formatJSON)}

// addOutputFlag gives cmd the flag -o.
func addOutputFlag(cmd *cobra.Command, f *format) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "how to print: table or json")
	mustComplete(cmd, "output", cobra.FixedCompletions(formatNames, cobra.ShellCompDirectiveNoFileComp))
}

// writeJSON prints v as the API would, indented.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// items is a whole list as the API says it, all its pages in one.
type items[T any] struct {
	Items []T `json:"items"`
}

// writeItems prints a list as JSON; an empty one is [].
func writeItems[T any](w io.Writer, all []T) error {
	if all == nil {
		all = []T{}
	}
	return writeJSON(w, items[T]{all})
}

// table prints aligned columns for a person.
type table struct {
	w *tabwriter.Writer
}

func newTable(w io.Writer, columns ...string) table {
	t := table{tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)}
	t.row(columns...)
	return t
}

// row adds a row. A cell may come from anywhere: what could move a terminal's cursor is escaped.
func (t table) row(cells ...string) {
	for i, cell := range cells {
		if cell == "" {
			cells[i] = "-"
			continue
		}
		cells[i] = printable(cell)
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t")) // the writer keeps its error for Flush
}

func (t table) flush() error { return t.w.Flush() }

// printable is s with everything escaped that is not a letter, a sign or a blank.
func printable(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}

// mustComplete registers the completion of a flag; it fails only for a flag that does not exist.
func mustComplete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// writeJSONLines writes each item as JSON on a line of its own.
func writeJSONLines[T any](out io.Writer, items []T) error {
	line := json.NewEncoder(out)
	line.SetEscapeHTML(false)
	for _, item := range items {
		if err := line.Encode(item); err != nil {
			return err
		}
	}
	return nil
}
