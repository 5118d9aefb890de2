package pcapng

import (
	"strings"
	"unicode/utf8"
)

// Codes of options that any block may have.
const (
	optionEnd     = 0
	optionComment = 1
)

// maxText is the longest text of an option in bytes: its length is a number of 16 bits, and some options put a byte before it.
const maxText = 65_000

// appendText appends an option of text; "" is none.
func appendText(b []byte, code uint16, text string) []byte {
	return appendPrefixed(b, code, "", text)
}

// appendPrefixed appends an option of text with something before it that is not text.
func appendPrefixed(b []byte, code uint16, prefix, text string) []byte {
	text = printable(text)
	if text == "" {
		return b
	}
	n := len(prefix) + len(text)
	b = order.AppendUint16(order.AppendUint16(b, code), uint16(n))
	return pad(append(append(b, prefix...), text...), n)
}

// printable makes text what an option may hold: UTF-8 without zero bytes, of limited length.
func printable(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
		for len(text) > 0 && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
		if r, _ := utf8.DecodeLastRuneInString(text); r == utf8.RuneError && len(text) > 0 {
			text = text[:len(text)-1] // the first byte of a rune that was cut
		}
	}
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "?") // never longer
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "?")
	}
	return text
}

func appendBytes(b []byte, code uint16, value ...byte) []byte {
	b = order.AppendUint16(order.AppendUint16(b, code), uint16(len(value)))
	return pad(append(b, value...), len(value))
}

func appendUint32(b []byte, code uint16, value uint32) []byte {
	return order.AppendUint32(order.AppendUint16(order.AppendUint16(b, code), 4), value)
}

func appendUint64(b []byte, code uint16, value uint64) []byte {
	return order.AppendUint64(order.AppendUint16(order.AppendUint16(b, code), 8), value)
}

// endOptions ends the options that begin at start, if there are any.
func endOptions(b []byte, start int) []byte {
	if len(b) == start {
		return b
	}
	return order.AppendUint32(b, optionEnd)
}
