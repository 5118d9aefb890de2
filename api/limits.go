package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vspan-io/vspan/api/wire"
)

// Limits of a request. Those of a connection are in serve.go.
const (
	maxBody        = 1 << 20
	bodyTimeout    = 15 * time.Second
	requestTimeout = 30 * time.Second
	writeTimeout   = 30 * time.Second // beyond the time it takes to find the answer
)

// limit bounds a request in size and time, and reads its body, so that nothing after it waits for a slow client.
func limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timeout := requestTimeout
		if waits(r) {
			timeout += maxWait
		}
		// Not every ResponseWriter of a test has deadlines; those of a server do.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(bodyTimeout + timeout + writeTimeout))
		body, p := readBody(w, r)
		if p == nil {
			p = checkQuery(r.URL)
		}
		if p == nil {
			p = checkBody(r, body)
		}
		if p != nil {
			writeProblem(w, p)
			return
		}
		if !streams(r) { // whose writes have deadlines of their own
			ctx, cancel := context.WithTimeout(r.Context(), timeout)
			defer cancel()
			r = r.WithContext(ctx)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// readBody reads the whole body within maxBody and bodyTimeout.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *wire.Problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		w.Header().Set("Connection", "close") // rather than read the rest of the body in order to find the next request
		if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
			return nil, tooLarge.problem("a body may have %d bytes", tooBig.Limit)
		}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, tooSlow.problem("the body did not arrive within %s", bodyTimeout)
		}
		return nil, malformed.problem("the body could not be read to its end")
	}
	_ = rc.SetReadDeadline(time.Time{})
	return body, nil
}

// checkBody refuses bodies that are not JSON, by their name or by their content. A body without a Content-Type is refused too: it
// is what a page of another site can send without asking.
func checkBody(r *http.Request, body []byte) *wire.Problem {
	if len(body) == 0 {
		return nil
	}
	if !jsonMedia(r.Method, r.Header.Get("Content-Type")) {
		return unsupportedMedia.problem("%s", wantedMedia(r.Method))
	}
	r.Header.Set("Content-Type", "application/json") // which is how the merge patch is read, too
	if !utf8.Valid(body) {
		return malformed.problem("the body is not UTF-8")
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(json.RawMessage)); errors.As(err, &syntax) {
		return malformed.problem("the body is not JSON: the error is at byte %d of %d", syntax.Offset, len(body))
	}
	if at := repeatedName(body); at > 0 {
		return malformed.problem("the body names a field twice in one object: the second one ends at byte %d of %d", at, len(body))
	}
	return nil
}

func jsonMedia(method, contentType string) bool {
	media, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || !strings.EqualFold(cmp.Or(parameters["charset"], "utf-8"), "utf-8") {
		return false
	}
	return media == "application/json" || method == http.MethodPatch && media == mergePatchMedia
}

func wantedMedia(method string) string {
	if method == http.MethodPatch {
		return "want Content-Type: " + mergePatchMedia + " or application/json; with curl: -H 'Content-Type: application/json' -d '…'"
	}
	return "want Content-Type: application/json; with curl give the body by --json '…' instead of -d '…'"
}
