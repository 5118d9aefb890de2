// Package client speaks to vspan's HTTP API. The JSON types are those of package wire.
//
// Every method takes a context and gives up when it ends. An answer that is not a success is returned as a *Problem, to be found
// with errors.As; every other error says that there was no answer, or none of vspan's.
package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
)

// Problem is why the server did not fulfil a request.
type Problem = wire.Problem

// Client speaks to one server. Its methods may be called concurrently.
type Client struct {
	base *url.URL
	http *http.Client
}

// New returns a client of the server at base, e.g. "http://127.0.0.1:8080"; without a scheme it is http. A nil HTTP client means
// http.DefaultClient; one with a Timeout cuts long waits short.
func New(base string, h *http.Client) (*Client, error) {
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("read the server's address %q: %w", base, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("read the server's address %q: want http://HOST:PORT", base)
	}
	if h == nil {
		h = http.DefaultClient
	}
	return &Client{base: u, http: h}, nil
}

// String returns the server's address.
func (c *Client) String() string { return c.base.String() }
