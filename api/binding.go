package api

import (
	"cmp"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
)

// huma keeps these as variables of its package. They are set before main, so that no request can see another value; vspan has
// no other user of huma.
func init() {
	huma.NewError = bindingProblem
	huma.NewErrorWithContext = func(_ huma.Context, status int, message string, errs ...error) huma.StatusError {
		return bindingProblem(status, message, errs...)
	}
	huma.ValidateStrictCasing = true  // {"Spec": …} is an unknown field
	huma.DefaultArrayNullable = false // our lists are never null
}

// bindingProblem makes a problem of what huma finds wrong before a handler is called. huma's own errors repeat the values, up
// to the whole body; of them only the place and what was expected there are kept.
func bindingProblem(status int, message string, errs ...error) huma.StatusError {
	switch status {
	case http.StatusUnprocessableEntity:
		return invalidFields(fieldErrors(errs))
	case http.StatusBadRequest:
		if len(errs) > 0 { // JSON that Go cannot hold, e.g. 1e400
			return malformed.problem("the body's JSON holds a number that is out of range")
		}
		return malformed.problem("a JSON body is wanted and there is none")
	case http.StatusNotAcceptable:
		return notAcceptable.problem("there is application/json")
	case http.StatusUnsupportedMediaType:
		return unsupportedMedia.problem("want Content-Type: application/json")
	case http.StatusRequestEntityTooLarge:
		return tooLarge.problem("a body may have %d bytes", maxBody)
	case http.StatusRequestTimeout:
		return tooSlow.problem("the body did not arrive in time")
	case 0: // huma asks for an example of the type
		return &wire.Problem{}
	default:
		return internal.problem("an unexpected error, which the log has")
	}
}

// fieldErrors keeps of huma's errors the place and what was expected, in a stable order.
func fieldErrors(errs []error) []wire.FieldError {
	var fields []wire.FieldError
	for _, err := range errs {
		var e wire.FieldError
		if d, ok := err.(huma.ErrorDetailer); ok {
			e = wire.FieldError{Field: field(d.ErrorDetail().Location), Detail: expectation(d.ErrorDetail().Message)}
		} else {
			e = wire.FieldError{Field: "body", Detail: expectation(err.Error())}
		}
		fields = append(fields, e)
	}
	slices.SortStableFunc(fields, func(a, b wire.FieldError) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Detail, b.Detail))
	})
	return slices.Compact(fields)
}

// plainPath is a path whose every step looks like a name, so that a secret in the place of a name is not repeated.
var plainPath = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}([.][A-Za-z0-9_-]{1,40}|\[[0-9]{1,6}\])*$`)
})

// field turns huma's location into ours: without "body.", and cut before a step that does not look like a name.
func field(location string) string {
	path := strings.TrimPrefix(location, "body.")
	for path != "" && !plainPath().MatchString(path) {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return cmp.Or(path, "body")
}

// expectation says what was wanted. A message that is not known to be free of values is replaced.
func expectation(message string) string {
	if message == "unexpected property" {
		return "there is no such field"
	}
	if message == "unknown query parameter" {
		return "there is no such query parameter here"
	}
	for _, known := range []string{"expected ", "required ", "invalid integer", "invalid boolean"} {
		if strings.HasPrefix(message, known) {
			return strings.Replace(message, "expected ", "want ", 1)
		}
	}
	return "does not have the form that /openapi.json describes"
}
