package filter

import (
	"fmt"
	"strings"
)

// tokenKind is what the scanner takes a piece of the text for.
type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenSign              // an operator or a parenthesis
	tokenKeyword           // a word of the language
	tokenNumber            // value has it
	tokenIPv4              // one to four numbers with dots between, at least one dot
	tokenIPv6
	tokenMAC
	tokenName // any other word, a port range too
)

type token struct {
	kind  tokenKind
	at    int    // offset in the expression
	text  string // as written; of an escaped name without the backslash
	value uint32
	word  keyword
}

// is reports whether t is the sign or the keyword text.
func (t *token) is(text string) bool {
	return (t.kind == tokenSign || t.kind == tokenKeyword) && t.text == text
}

// describe names the token in a sentence.
func (t *token) describe() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return quoted(t.text)
}

// scanner cuts an expression into tokens as libpcap does: the longest piece that
// is a token, so that 1-2 is a name and 1 - 2 are three tokens.
type scanner struct {
	text string
	at   int
}

const signs = "+-*/%:[]!<>()&|^="

// synonyms are signs and words that mean another.
var synonyms = map[string]string{"&&": "and", "||": "or", "!": "not", "==": "=", "length": "len"}

func (s *scanner) next() (token, error) {
	for s.at < len(s.text) && strings.IndexByte(" \r\n\t", s.text[s.at]) >= 0 {
		s.at++
	}
	rest := s.text[s.at:]
	switch {
	case rest == "":
		return token{at: s.at}, nil
	case rest[0] == '\\':
		return s.escaped(rest)
	case isHex(rest[0]) || isWordByte(rest[0]) || rest[0] == ':' && ipv6Len(rest) > 0:
		return s.word(rest)
	}
	for _, two := range []string{"&&", "||", ">=", "<=", "!=", "==", "<<", ">>"} {
		if strings.HasPrefix(rest, two) {
			return s.sign(two), nil
		}
	}
	if strings.IndexByte(signs, rest[0]) >= 0 {
		return s.sign(rest[:1]), nil
	}
	return token{}, s.refuse(s.at, fmt.Sprintf("%s is not part of the language", quoted(rest[:1])), supported)
}

func (s *scanner) take(kind tokenKind, n int) token {
	t := token{kind: kind, at: s.at, text: s.text[s.at : s.at+n]}
	if meant, ok := synonyms[t.text]; ok && (kind == tokenSign || kind == tokenKeyword) {
		t.text = meant
	}
	s.at += n
	return t
}

func (s *scanner) sign(text string) token { return s.take(tokenSign, len(text)) }

// escaped reads a name behind a backslash, which keeps it from being a keyword.
func (s *scanner) escaped(rest string) (token, error) {
	n := strings.IndexAny(rest, " !()\n\t")
	if n < 0 {
		n = len(rest)
	}
	if n == 1 {
		return token{}, s.refuse(s.at, "a name is missing behind the backslash", "")
	}
	t := s.take(tokenName, n)
	t.text = t.text[1:]
	return t, nil
}

// word reads what begins with a letter or a digit, or an IPv6 address.
func (s *scanner) word(rest string) (token, error) {
	name, mac, number, ipv4, ipv6 := nameLen(rest), macLen(rest), numberLen(rest), ipv4Len(rest), ipv6Len(rest)
	longest := max(name, mac, number, ipv4, ipv6)
	if n := brokenMACLen(rest); n > longest {
		return token{}, s.refuse(s.at, quoted(rest[:n])+" is not a MAC address", "")
	}
	if word, known := keywords()[rest[:name]]; known && name == longest {
		return s.keyword(name, word)
	}
	switch longest {
	case mac:
		return s.take(tokenMAC, mac), nil
	case number:
		return s.number(number)
	case ipv4:
		return s.take(tokenIPv4, ipv4), nil
	case ipv6:
		return s.take(tokenIPv6, ipv6), nil
	}
	return s.take(tokenName, name), nil
}

func (s *scanner) keyword(n int, word keyword) (token, error) {
	if word.refusal != "" {
		return token{}, s.refuse(s.at, quoted(s.text[s.at:s.at+n])+" "+word.refusal, supported)
	}
	t := s.take(tokenKeyword, n)
	t.word = word
	if word.numeric {
		t.kind, t.value = tokenNumber, word.value
	}
	return t, nil
}

func (s *scanner) number(n int) (token, error) {
	t := s.take(tokenNumber, n)
	value, problem := parseNumber(t.text)
	if problem != "" {
		return token{}, s.refuse(t.at, quoted(t.text)+" "+problem, "")
	}
	t.value = value
	return t, nil
}

func (s *scanner) refuse(at int, problem, advice string) *Error {
	return &Error{Expression: s.text, Offset: at, Problem: problem, Advice: advice}
}
