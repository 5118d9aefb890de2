package explain

import (
	"io"
	"strings"
	"unicode/utf8"
)

// Width is how many columns a page of text has at most.
const Width = 100

const (
	between   = 2  // blanks between columns
	widest    = 32 // of a column that is not the last
	leastLast = 24 // of the last one
)

// text writes the document for a terminal.
func (d *document) text(w io.Writer) error {
	var b strings.Builder
	title := printable(d.title)
	b.WriteString(title + "\n" + strings.Repeat("=", min(utf8.RuneCountInString(title), Width)) + "\n")
	for _, p := range d.parts {
		b.WriteByte('\n')
		switch {
		case p.heading != "":
			b.WriteString(p.heading + "\n" + strings.Repeat("-", len(p.heading)) + "\n")
		case p.table != nil:
			p.table.text(&b)
		case p.lines != nil:
			for _, line := range p.lines {
				b.WriteString("  " + strings.Join(fit(printable(line), Width-2), "\n  ") + "\n")
			}
		default:
			b.WriteString(strings.Join(wrap(printable(p.paragraph), Width), "\n") + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (t *table) text(b *strings.Builder) {
	widths := t.widths()
	t.line(b, widths, t.columns)
	for _, row := range t.rows {
		t.line(b, widths, row)
	}
}

// widths gives each column what its longest cell needs, within bounds, and the last one the rest.
func (t *table) widths() []int {
	last := len(t.columns) - 1
	widths, words := make([]int, last+1), make([]int, last+1) // words: of the longest one
	for _, row := range append([][]string{t.columns}, t.rows...) {
		for i, cell := range row {
			text := printable(cell)
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
			for word := range strings.FieldsSeq(text) {
				words[i] = max(words[i], utf8.RuneCountInString(word))
			}
		}
	}
	rest := Width
	for i := range last {
		widths[i] = min(widths[i], widest)
		rest -= widths[i] + between
	}
	wanted := min(leastLast, widths[last])
	for _, least := range [][]int{words, make([]int, last+1)} { // too many wide columns: those to the right give way, at first without breaking words
		for i := last - 1; i >= 0 && rest < wanted; i-- {
			give := min(wanted-rest, max(widths[i]-max(least[i], 8), 0))
			widths[i] -= give
			rest += give
		}
	}
	widths[last] = max(min(widths[last], rest), 1)
	return widths
}

// line writes a row; cells that are too long go on below.
func (t *table) line(b *strings.Builder, widths []int, cells []string) {
	wrapped, height := make([][]string, len(cells)), 1
	for i, cell := range cells {
		if cell == "" {
			cell = "-"
		}
		wrapped[i] = wrap(printable(cell), widths[i])
		height = max(height, len(wrapped[i]))
	}
	for n := range height {
		var line strings.Builder
		for i, w := range wrapped {
			text := ""
			if n < len(w) {
				text = w[n]
			}
			line.WriteString(text)
			if i < len(wrapped)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)+between))
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// fit leaves a line as it is that is not too long.
func fit(s string, width int) []string {
	if utf8.RuneCountInString(s) <= width {
		return []string{s}
	}
	return wrap(s, width)
}

// wrap breaks s into lines of at most width runes, at blanks where there are some.
func wrap(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		for utf8.RuneCountInString(word) > width {
			room := width
			if line != "" {
				room = width - utf8.RuneCountInString(line) - 1
			}
			if room < width/2 {
				lines, line, room = append(lines, line), "", width
			}
			runes := []rune(word)
			lines = append(lines, strings.TrimLeft(line+" "+string(runes[:room]), " "))
			line, word = "", string(runes[room:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	return lines
}
