package filter

import (
	"fmt"
	"strings"
)

// Error is why an expression was refused. Its fields hold what the user wrote;
// the text that Error() makes of them has no control characters but newlines.
type Error struct {
	Expression string
	// Offset is where the trouble begins, in bytes from the beginning of
	// Expression; its length when it ended too early.
	Offset int
	// Problem is one sentence without a full stop.
	Problem string
	// Advice is what to write instead, or "".
	Advice string
}

// supported is the advice where a word is not known or not for us.
const supported = "supported are host, net, port, portrange, proto, ether host, ether proto, broadcast, multicast, vlan, " +
	"less, greater, len, the protocols ip, ip6, arp, rarp, tcp, udp, sctp, icmp, icmp6, igmp and others by name, " +
	"byte accessors such as tcp[tcpflags] & tcp-syn != 0, and, or, not and parentheses"

// excerptSide is how many bytes of the expression are shown on each side of the
// position.
const excerptSide = 32

// Error says the problem, shows the place with a caret below it, and gives the
// advice. It has several lines.
func (e *Error) Error() string {
	line, caret := e.excerpt()
	text := fmt.Sprintf("filter: %s at byte %d\n  %s\n  %s^", e.Problem, e.Offset, line, strings.Repeat(" ", caret))
	if e.Advice != "" {
		text += "\n" + e.Advice
	}
	return text
}

// excerpt is the part of the expression around the offset, on one line, and the
// column of the offset in it. A byte that has no glyph of its own is shown as a
// question mark, so that columns are bytes.
func (e *Error) excerpt() (line string, column int) {
	from, to := max(0, e.Offset-excerptSide), min(len(e.Expression), e.Offset+excerptSide)
	shown := strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, printable(e.Expression[from:to]))
	column = e.Offset - from
	if from > 0 {
		shown, column = "…"+shown, column+1
	}
	if to < len(e.Expression) {
		shown += "…"
	}
	return shown, column
}

// printable replaces the bytes that are neither ASCII glyphs nor white space.
func printable(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c > '~' || c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			b[i] = '?'
		}
	}
	return string(b)
}

// quoted is a word of the expression as it may stand in a sentence: short and
// printable.
func quoted(word string) string {
	const longest = 40
	if len(word) > longest {
		return fmt.Sprintf("%q…", printable(word[:longest]))
	}
	return fmt.Sprintf("%q", printable(word))
}
