package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vspan-io/vspan/api/wire"
)

// Receivers returns what takes mirrored packets in.
func (c *Client) Receivers(ctx context.Context) ([]wire.Receiver, error) {
	return all(url.Values{}, func(q url.Values) ([]wire.Receiver, string, error) {
		var page wire.ReceiverList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "receivers"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Unclaimed returns the mirror traffic that belongs to no session.
func (c *Client) Unclaimed(ctx context.Context) ([]wire.Unclaimed, error) {
	return all(url.Values{}, func(q url.Values) ([]wire.Unclaimed, string, error) {
		var page wire.UnclaimedList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "unclaimed"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Health asks whether the server answers.
func (c *Client) Health(ctx context.Context) (wire.Health, error) {
	var h wire.Health
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"healthz"}}, &h)
	return h, err
}

// Ready asks whether the server can do its work; a *Problem with the code not_ready names the checks that failed.
func (c *Client) Ready(ctx context.Context) (wire.Readiness, error) {
	var r wire.Readiness
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"readyz"}}, &r)
	return r, err
}
