package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// request is one call.
type request struct {
	method string
	path   []string // steps, not yet escaped
	verb   string   // "enable" for …:enable
	query  url.Values
	header http.Header
	body   any // sent as JSON unless nil
}

// do sends a request and decodes a success into answer, unless that is nil or there is no content. It returns the status.
func (c *Client) do(ctx context.Context, r request, answer any) (int, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", r.method, c.base, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask vspan: %w", err) // a *url.Error, which names method and URL
	}
	defer func() { _ = resp.Body.Close() }() // nothing is lost when it fails: the answer was read, or given up
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, fmt.Errorf("%s %s: read the answer: %w", r.method, req.URL.Redacted(), err)
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return resp.StatusCode, problemOf(req, resp, text)
	}
	if answer == nil || resp.StatusCode == http.StatusNoContent {
		return resp.StatusCode, nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return resp.StatusCode, fmt.Errorf("%s %s: understand the answer: %w", r.method, req.URL.Redacted(), err)
	}
	return resp.StatusCode, nil
}

func (c *Client) build(ctx context.Context, r request) (*http.Request, error) {
	u, err := c.locate(r)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("write the body: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	for name, values := range r.header {
		req.Header[name] = values
	}
	if r.body != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	return req, nil
}

// locate makes the URL. A step that a server or proxy would take for another path is refused.
func (c *Client) locate(r request) (*url.URL, error) {
	escaped := strings.TrimSuffix(c.base.EscapedPath(), "/")
	for _, step := range r.path {
		if step == "" || step == "." || step == ".." {
			return nil, fmt.Errorf("the name %q cannot stand in a URL", step)
		}
		escaped += "/" + strings.ReplaceAll(url.PathEscape(step), ":", "%3A") // a colon of the step begins no verb
	}
	if r.verb != "" {
		escaped += ":" + r.verb
	}
	path, err := url.PathUnescape(escaped)
	if err != nil {
		return nil, fmt.Errorf("make the URL: %w", err)
	}
	u := *c.base
	u.Path, u.RawPath, u.RawQuery = path, escaped, r.query.Encode()
	return &u, nil
}

// problemOf reads a problem, or says that something else answered.
func problemOf(req *http.Request, resp *http.Response, text []byte) error {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // an unreadable one is none of ours
	var p wire.Problem
	if media != wire.ProblemContentType || json.Unmarshal(text, &p) != nil || p.Code == "" {
		return fmt.Errorf("%s %s: answered %s, and not by vspan", req.Method, req.URL.Redacted(), resp.Status)
	}
	return &p
}
