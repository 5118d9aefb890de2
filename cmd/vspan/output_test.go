package main

import (
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"web-01":              "web-01",
		"Büro 1":              "Büro 1",
		"a\tb\nc":             `a\tb\nc`,
		"\x1b[31mred":         `\x1b[31mred`,
		"\u202eright-to-left": `\u202eright-to-left`,
		"\xff":                `\xff`,
	} {
		if got := printable(in); got != want {
			t.Errorf("printable(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour:                  "0s",
		1400 * time.Millisecond:     "1s",
		59600 * time.Millisecond:    "1m0s",
		time.Hour - time.Second:     "59m59s",
		8*time.Hour + 5*time.Minute: "8h5m",
		25 * time.Hour:              "1d1h",
		240 * time.Hour:             "10d",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d) = %s, want %s", d, got, want)
		}
	}
}

func TestScaled(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0 B", 999: "999 B", 1000: "1 kB", 1536: "1.54 kB", 999_600: "1 MB", 123_456_789: "123 MB", 4e18: "4e+03 PB",
	} {
		if got := scaled(n, "B"); got != want {
			t.Errorf("scaled(%g) = %s, want %s", n, got, want)
		}
	}
}

// TestExpiry: what is being removed does not expire; a row must not look as if the session stayed.
func TestExpiry(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		s    wire.Session
		want string
	}{
		{wire.Session{}, "never"},
		{wire.Session{ExpiresAt: now.Add(time.Hour)}, "in 1h0m"},
		{wire.Session{ExpiresAt: now}, "over"},
		{wire.Session{ExpiresAt: now.Add(time.Hour), DeletedAt: now}, "being removed"},
	} {
		if got := expiry(test.s, now); got != test.want {
			t.Errorf("expiry(%s, deleted %s) = %q, want %q", test.s.ExpiresAt, test.s.DeletedAt, got, test.want)
		}
	}
}
