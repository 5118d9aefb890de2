package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/vspan-io/vspan/api/wire"
)

// errEnded ends watching a stream that is over.
var errEnded = errors.New("the stream has ended")

// dialogue prints what the two ends of a stream say, as it goes on.
type dialogue struct {
	out     io.Writer
	output  format
	colours bool

	chunks int // printed
	names  int
	headed bool
	open   string // whose line has not ended; "": nobody's
}

func newDialogue(cmd *cobra.Command, output format) *dialogue {
	return &dialogue{out: cmd.OutOrStdout(), output: output, colours: onTerminal(cmd) && os.Getenv("NO_COLOR") == ""}
}

// The colours that Wireshark has for the two ends, and one for what is not there.
const (
	red    = "\x1b[31m"
	blue   = "\x1b[34m"
	yellow = "\x1b[33m"
	plain  = "\x1b[0m"
)

// tell prints what is new.
func (d *dialogue) tell(s wire.Stream) error {
	if d.output == formatJSON {
		line := json.NewEncoder(d.out)
		line.SetEscapeHTML(false)
		return line.Encode(s)
	}
	if !d.headed {
		d.headed = true
		if err := d.head(s); err != nil {
			return err
		}
	}
	for ; d.names < len(s.DNS); d.names++ {
		m := s.DNS[d.names]
		if err := d.say(m.From, dnsText(m)+"\n"); err != nil {
			return err
		}
	}
	if len(s.DNS) > 0 {
		return nil
	}
	for ; d.chunks < len(s.Chunks); d.chunks++ {
		if err := d.chunk(s.Chunks[d.chunks]); err != nil {
			return err
		}
	}
	return nil
}

// head says between whom, and what TLS says in the clear.
func (d *dialogue) head(s wire.Stream) error {
	tls := ""
	if s.TLS != nil {
		tls = fmt.Sprintf(", %s, server name %s", printable(s.TLS.Version), orDash(s.TLS.ServerName))
	}
	_, err := fmt.Fprintf(d.out, "stream %d: %s > %s%s\n", s.ID, d.coloured(red, endText(s.Client)), d.coloured(blue, endText(s.Server)), tls)
	return err
}

func (d *dialogue) chunk(c wire.Chunk) error {
	if c.Missing > 0 {
		if err := d.end(); err != nil {
			return err
		}
		gap := fmt.Sprintf("[%d bytes missing]", c.Missing)
		_, err := fmt.Fprintf(d.out, "%s%s\n", d.mark(c.From), d.coloured(yellow, gap))
		if err != nil || len(c.Data) == 0 {
			return err
		}
	}
	return d.say(c.From, shownText(c.Data))
}

// say prints text of one end, each line marked with whose it is where there are no colours. What the same end says next goes on in the
// line that it had not ended.
func (d *dialogue) say(from, text string) error {
	colour := blue
	if from == "client" {
		colour = red
	}
	if d.open != from {
		if err := d.end(); err != nil {
			return err
		}
	}
	for text != "" {
		line, rest, whole := strings.Cut(text, "\n")
		mark, end := d.mark(from), ""
		if d.open == from {
			mark = ""
		}
		if d.open = from; whole {
			end, d.open = "\n", ""
		}
		if _, err := fmt.Fprint(d.out, mark, d.coloured(colour, line), end); err != nil {
			return err
		}
		text = rest
	}
	return nil
}

// end ends the line that an end has not.
func (d *dialogue) end() error {
	if d.open == "" {
		return nil
	}
	d.open = ""
	_, err := fmt.Fprintln(d.out)
	return err
}

func (d *dialogue) mark(from string) string {
	switch {
	case d.colours:
		return ""
	case from == "client":
		return "> "
	}
	return "< "
}

func (d *dialogue) coloured(colour, text string) string {
	if !d.colours {
		return text
	}
	return colour + text + plain
}

// shownText is data as text that cannot move a terminal's cursor but to the next line.
func shownText(data []byte) string {
	var b strings.Builder
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\r' && len(data) > 1 && data[1] == '\n':
		case r == utf8.RuneError && n == 1, !unicode.IsPrint(r) && n == 1:
			fmt.Fprintf(&b, `\x%02x`, data[0])
		case !unicode.IsPrint(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		data = data[n:]
	}
	return b.String()
}

// dnsText is a DNS message in one line.
func dnsText(m wire.DNSMessage) string {
	var words []string
	for _, q := range m.Questions {
		words = append(words, q.Type, q.Name)
	}
	if m.Response {
		words = append(words, "=", m.Code)
	}
	for _, a := range m.Answers {
		words = append(words, a.Type, a.Data)
	}
	return printable(strings.Join(words, " "))
}
