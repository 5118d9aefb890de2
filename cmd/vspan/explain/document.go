package explain

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// document is a page of parts.
type document struct {
	title string
	parts []part
}

// part is a heading, a paragraph, a table or lines as they are.
type part struct {
	heading   string
	paragraph string
	table     *table
	lines     []string
}

// table has cells of text; the last column is as wide as there is room.
type table struct {
	columns []string
	rows    [][]string
}

func (d *document) head(text string)     { d.parts = append(d.parts, part{heading: text}) }
func (d *document) say(text string)      { d.parts = append(d.parts, part{paragraph: text}) }
func (d *document) show(lines ...string) { d.parts = append(d.parts, part{lines: lines}) }
func (t *table) row(cells ...string)     { t.rows = append(t.rows, cells) }
func newTable(columns ...string) *table  { return &table{columns: columns} }
func (d *document) add(t *table, none string) {
	if len(t.rows) == 0 {
		d.say(none)
		return
	}
	d.parts = append(d.parts, part{table: t})
}

// printable is s with everything escaped that is not a letter, a sign or a blank.
func printable(s string) string {
	plain := utf8.ValidString(s)
	for _, r := range s {
		plain = plain && unicode.IsPrint(r)
	}
	if plain {
		return s
	}
	quoted := strconv.Quote(s)
	return quoted[1 : len(quoted)-1]
}
