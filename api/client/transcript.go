package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vspan-io/vspan/api/wire"
)

// Transcript is Evidence; with bytes the first bytes of the first packets go on behind their headers. That is payload: a *Problem with
// the code payload_not_allowed says that the server shows none.
func (c *Client) Transcript(ctx context.Context, name string, bytes bool) (wire.EvidenceReport, error) {
	query := url.Values{}
	if bytes {
		query.Set("bytes", "true")
	}
	var e wire.EvidenceReport
	_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "evidence"), query: query}, &e)
	return e, err
}
