package api

import (
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// lifePolicy is how long sessions may live.
type lifePolicy struct {
	standard mirror.Life   // when nothing is asked for
	longest  time.Duration // 0: no limit
}

// never is what must be said to have a session without an end.
const never = "never"

// parse reads spec.expiresIn. problem says what is wanted instead, or is empty.
func (p lifePolicy) parse(s string) (life mirror.Life, problem string) {
	switch s {
	case "":
		return p.unsaid(), ""
	case never:
		if p.longest > 0 {
			return mirror.Life{}, "this server does not allow sessions without an end: want at most " + shortDuration(p.longest)
		}
		return mirror.Life{Never: true}, ""
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return mirror.Life{}, `want a Go duration such as 90s, 1h30m or 24h, or "never"`
	case d < time.Second:
		return mirror.Life{}, `want at least 1s, or "never"`
	case p.longest > 0 && d > p.longest:
		return mirror.Life{}, "this server allows at most " + shortDuration(p.longest)
	}
	return mirror.Life{For: d}, ""
}

// unsaid is the life of a session that does not ask for one: never longer than one that does may.
func (p lifePolicy) unsaid() mirror.Life {
	if p.longest > 0 && (p.standard.Never || p.standard.For > p.longest) {
		return mirror.Life{For: p.longest}
	}
	return p.standard
}

// check judges a life that is new to a session; nil when nothing is wrong with it. A life that is counted from now was judged when
// it was parsed.
func (p lifePolicy) check(l mirror.Life, now time.Time) *wire.Problem {
	switch {
	case l.Until.IsZero():
		return nil
	case l.Until.Before(now.Add(time.Second)):
		return invalidField("spec.expiresAt", "want a time that is to come; here it is %s", now.Format(time.RFC3339))
	case p.longest > 0 && l.Until.After(now.Add(p.longest)):
		return invalidField("spec.expiresAt", "this server allows at most %s, that is %s", shortDuration(p.longest), now.Add(p.longest).Format(time.RFC3339))
	}
	return nil
}

// formatLife is the inverse of parse; a life that says its end has none.
func formatLife(l mirror.Life) string {
	if l.Never {
		return never
	}
	if !l.Until.IsZero() {
		return ""
	}
	return shortDuration(l.For)
}

// shortDuration writes a duration the way a person would: 1h rather than 1h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
