package api

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// repeatable are the query parameters that may be given more than once.
var repeatable = []string{"label", "state"}

// checkQuery refuses queries that could be read in two ways. A parameter without a value is refused because ?dryRun, meant as a
// yes, would otherwise count as not given.
func checkQuery(u *url.URL) *wire.Problem {
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return malformed.problem("the query of the URL is not well-formed")
	}
	var errs []wire.FieldError
	for name, values := range q {
		place := field("query." + name)
		if slices.Contains(values, "") {
			errs = append(errs, wire.FieldError{Field: place, Detail: "want a value: ?NAME=VALUE"})
		} else if len(values) > 1 && !slices.Contains(repeatable, name) {
			errs = append(errs, wire.FieldError{Field: place, Detail: "want it once"})
		}
	}
	if len(errs) > 0 {
		return invalidFields(errs)
	}
	return nil
}

// waits reports whether the request asks to be answered later.
func waits(r *http.Request) bool { return r.URL.Query().Has("wait") }

// maxWait is how long a request may ask to wait.
const maxWait = 5 * time.Minute

// parseWait reads ?wait; "" is no wait.
func parseWait(s string) (time.Duration, *wire.Problem) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxWait {
		return 0, invalidField("query.wait", "want a duration of more than 0 and at most %s, e.g. 30s", shortDuration(maxWait))
	}
	return d, nil
}
