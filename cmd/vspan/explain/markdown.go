package explain

import (
	"io"
	"strings"
)

// markdown writes the document for a tracker.
func (d *document) markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# " + marked(d.title) + "\n")
	for _, p := range d.parts {
		b.WriteByte('\n')
		switch {
		case p.heading != "":
			b.WriteString("## " + marked(p.heading) + "\n")
		case p.table != nil:
			p.table.markdown(&b)
		case p.lines != nil:
			b.WriteString("```\n")
			for _, line := range p.lines {
				b.WriteString(strings.ReplaceAll(printable(line), "```", "'''") + "\n")
			}
			b.WriteString("```\n")
		default:
			b.WriteString(marked(p.paragraph) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) markdown(b *strings.Builder) {
	row := func(cells []string) {
		for _, cell := range cells {
			b.WriteString("| " + marked(cell) + " ")
		}
		b.WriteString("|\n")
	}
	row(t.columns)
	b.WriteString(strings.Repeat("|---", len(t.columns)) + "|\n")
	for _, cells := range t.rows {
		row(cells)
	}
}

// markup is what has a meaning in Markdown or HTML; @ and # would call people and tickets.
const markup = "\\`*_{}[]<>()#+!|~@&"

// marked is s as Markdown that shows s.
func marked(s string) string {
	var b strings.Builder
	for _, r := range printable(s) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '@':
			b.WriteString("@\u200b")
		case r == '(' || r == ')' || r == '+': // alone they mean nothing
			b.WriteRune(r)
		case strings.ContainsRune(markup, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
