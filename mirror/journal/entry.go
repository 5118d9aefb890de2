package journal

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vspan-io/vspan/mirror"
)

// Entry is one event with its place in the history.
type Entry struct {
	// Seq counts the events from 1. Where numbers are missing in what a reader got, there were events that he did not get, or that
	// are not kept any more.
	Seq uint64
	mirror.Event
}

// Bounds of the strings of an event, in bytes. User names and VM names come from vCenter and may be anything.
const (
	maxText = 2 << 10 // Text and Who
	maxName = 512     // UID, Session and Switch
)

// cutMark ends a string that was too long.
const cutMark = "… (cut)"

// bounded returns the event as it is kept: within bounds, in UTF-8, its time in UTC and such that JSON can say it.
func bounded(e mirror.Event) mirror.Event {
	e.UID, e.Session, e.Switch = cut(e.UID, maxName), cut(e.Session, maxName), cut(e.Switch, maxName)
	e.Who, e.Text = cut(e.Who, maxText), cut(e.Text, maxText)
	e.At = e.At.UTC().Round(0)
	if year := e.At.Year(); year < 1 || year > 9999 { // RFC 3339 has four digits
		e.At = time.Time{}
	}
	return e
}

// cut returns s in UTF-8 and within limit bytes, with a mark where something is missing.
func cut(s string, limit int) string {
	if len(s) <= limit && utf8.ValidString(s) {
		return s
	}
	whole := len(s)
	s = strings.ToValidUTF8(s[:min(whole, limit+utf8.UTFMax)], "\uFFFD") // no more of it than may be kept is looked at
	if whole <= limit && len(s) <= limit {
		return s
	}
	end := min(len(s), limit-len(cutMark))
	for end > 0 && end < len(s) && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + cutMark
}
