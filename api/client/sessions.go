package client

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// Filter picks sessions; all conditions given must hold. The zero value picks all.
type Filter struct {
	Labels map[string]string
	States []string // of the verdict; one of them is enough
	VM     string
}

// Sessions returns the sessions that fit, ordered by name.
func (c *Client) Sessions(ctx context.Context, f Filter) ([]wire.Session, error) {
	query := url.Values{}
	for key, value := range f.Labels {
		query.Add("label", key+"="+value)
	}
	for _, s := range f.States {
		query.Add("state", s)
	}
	setUnlessEmpty(query, "vm", f.VM)
	return all(query, func(q url.Values) ([]wire.Session, string, error) {
		var page wire.SessionList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "sessions"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Session returns one session.
func (c *Client) Session(ctx context.Context, name string) (wire.Session, error) {
	var s wire.Session
	_, err := c.do(ctx, request{method: http.MethodGet, path: sessionPath(name)}, &s)
	return s, err
}

// Precondition limits a change to a state of the session. The zero value demands nothing.
type Precondition struct {
	Revision int64 // the session must still have this revision
	Absent   bool  // there must be no such session
}

func (p Precondition) header() http.Header {
	h := http.Header{}
	if p.Revision != 0 {
		h.Set("If-Match", strconv.Quote(strconv.FormatInt(p.Revision, 10)))
	}
	if p.Absent {
		h.Set("If-None-Match", "*")
	}
	return h
}

// Put creates or replaces a session, and reports which.
func (c *Client) Put(ctx context.Context, name string, in wire.SessionInput, p Precondition) (s wire.Session, created bool, err error) {
	status, err := c.do(ctx, request{method: http.MethodPut, path: sessionPath(name), header: p.header(), body: in}, &s)
	return s, status == http.StatusCreated, err
}

// DryRun returns what Put would do.
func (c *Client) DryRun(ctx context.Context, name string, in wire.SessionInput) (wire.DryRun, error) {
	var d wire.DryRun
	_, err := c.do(ctx, request{method: http.MethodPut, path: sessionPath(name), query: url.Values{"dryRun": {"true"}}, body: in}, &d)
	return d, err
}

// Create creates a session under a name that the server makes. Repeating it with the same key finds the session of the first
// time; the key may be empty.
func (c *Client) Create(ctx context.Context, in wire.SessionInput, idempotencyKey string) (wire.Session, error) {
	h := http.Header{}
	if idempotencyKey != "" {
		h.Set("Idempotency-Key", idempotencyKey)
	}
	var s wire.Session
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"v1", "sessions"}, header: h, body: in}, &s)
	return s, err
}

// Patch merges a patch (RFC 7396), e.g. map[string]any{"spec": map[string]any{"expiresIn": "2h"}}, into labels and spec.
func (c *Client) Patch(ctx context.Context, name string, patch any, p Precondition) (wire.Session, error) {
	h := p.header()
	h.Set("Content-Type", "application/merge-patch+json")
	var s wire.Session
	_, err := c.do(ctx, request{method: http.MethodPatch, path: sessionPath(name), header: h, body: patch}, &s)
	return s, err
}

// Enable lets a session mirror.
func (c *Client) Enable(ctx context.Context, name string) (wire.Session, error) {
	return c.verb(ctx, name, "enable")
}

// Disable stops a session from mirroring; it stays on the switch.
func (c *Client) Disable(ctx context.Context, name string) (wire.Session, error) {
	return c.verb(ctx, name, "disable")
}

// Extend gives a session more time: by is added to what is left of it. It is not to be repeated blindly after a lost answer: a
// Precondition keeps it from adding twice.
func (c *Client) Extend(ctx context.Context, name string, by time.Duration, p Precondition) (wire.Session, error) {
	var s wire.Session
	_, err := c.do(ctx, request{
		method: http.MethodPost, path: sessionPath(name), verb: "extend", query: url.Values{"by": {by.String()}}, header: p.header(),
	}, &s)
	return s, err
}

func (c *Client) verb(ctx context.Context, name, verb string) (wire.Session, error) {
	var s wire.Session
	_, err := c.do(ctx, request{method: http.MethodPost, path: sessionPath(name), verb: verb}, &s)
	return s, err
}

// Delete deletes a session, waits up to wait (at most 5 minutes; 0: not at all) until it is off its switch, and reports whether
// it is.
func (c *Client) Delete(ctx context.Context, name string, wait time.Duration) (gone bool, err error) {
	query := url.Values{}
	if wait > 0 {
		query.Set("wait", min(wait, maxWait).String())
	}
	status, err := c.do(ctx, request{method: http.MethodDelete, path: sessionPath(name), query: query}, nil)
	return status == http.StatusNoContent, err
}

// maxWait is how long the server lets one request wait.
const maxWait = 5 * time.Minute

// Wait waits until a condition of a session (Accepted, Applied, Delivering, Ready) is True, or the server says that waiting is
// useless, or the timeout has passed, and returns the session as it is then and whether the condition holds.
func (c *Client) Wait(ctx context.Context, name, condition string, timeout time.Duration) (s wire.Session, met bool, err error) {
	for left := timeout; ; {
		share := max(min(left, maxWait), time.Millisecond)
		query := url.Values{"wait": {share.String()}, "for": {condition}}
		begun := time.Now()
		s = wire.Session{} // what one answer leaves out must not stay from the one before
		if _, err = c.do(ctx, request{method: http.MethodGet, path: sessionPath(name), query: query}, &s); err != nil {
			return wire.Session{}, false, err
		}
		met = Holds(s, condition)
		took := time.Since(begun)
		left -= took
		early := took < share-share/100 // the server's clock may run a little faster
		if met || early || left <= 0 {
			return s, met, nil
		}
	}
}

// Holds reports whether a condition of a session is True of its newest generation.
func Holds(s wire.Session, condition string) bool {
	return s.Status.ObservedGeneration >= s.Generation && slices.ContainsFunc(s.Status.Conditions, func(c wire.Condition) bool {
		return c.Type == condition && c.Status == "True"
	})
}

// Evidence returns everything the verdict on a session rests on.
func (c *Client) Evidence(ctx context.Context, name string) (wire.EvidenceReport, error) {
	var e wire.EvidenceReport
	_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "evidence")}, &e)
	return e, err
}

func sessionPath(name string) []string { return []string{"v1", "sessions", name} }
