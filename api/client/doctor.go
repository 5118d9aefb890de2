package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vspan-io/vspan/api/wire"
)

// Doctor returns the checks of everything that mirrors rest on, or of what concerns a session unless its name is empty; fresh reads
// vCenter now.
func (c *Client) Doctor(ctx context.Context, session string, fresh bool) (wire.Doctor, error) {
	query := url.Values{}
	setUnlessEmpty(query, "session", session)
	if fresh {
		query.Set("fresh", "true")
	}
	var d wire.Doctor
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "doctor"}, query: query}, &d)
	return d, err
}
