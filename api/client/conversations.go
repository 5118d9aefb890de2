package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// FlowFilter picks conversations; all conditions given must hold. The zero value picks all.
type FlowFilter struct {
	Problem  string // a code, or "any"
	Host     string // an address, a network, or the name of an ESXi host
	Port     int
	Protocol string
	Sort     string // "": by their beginning
}

func (f FlowFilter) query() url.Values {
	q := url.Values{}
	setUnlessEmpty(q, "problem", f.Problem)
	setUnlessEmpty(q, "host", f.Host)
	setUnlessEmpty(q, "protocol", f.Protocol)
	setUnlessEmpty(q, "sort", f.Sort)
	if f.Port != 0 {
		q.Set("port", strconv.Itoa(f.Port))
	}
	return q
}

// Flows returns the conversations of a session that fit, at most limit of them unless that is 0, with what is said of all of them. The
// first question about a session begins the looking.
func (c *Client) Flows(ctx context.Context, name string, f FlowFilter, limit int) (wire.FlowList, error) {
	query := f.query()
	query.Set("pageSize", strconv.Itoa(pageOf(limit, 0)))
	var list wire.FlowList
	for {
		var page wire.FlowList
		if _, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "flows"), query: query}, &page); err != nil {
			return list, err
		}
		page.Items = append(list.Items, page.Items...)
		list = page
		if list.NextPageToken == "" || limit > 0 && len(list.Items) >= limit {
			return list, nil
		}
		query.Set("pageToken", list.NextPageToken)
		query.Set("pageSize", strconv.Itoa(pageOf(limit, len(list.Items))))
	}
}

// pageOf is how many items to ask for, of so many that are wanted and that are there; none wanted means all.
func pageOf(wanted, there int) int {
	const most = 1000
	if wanted == 0 {
		return most
	}
	return min(most, wanted-there)
}

// Streams returns the streams of a session that speak kind, or all, without what was said.
func (c *Client) Streams(ctx context.Context, name, kind string) (wire.StreamList, error) {
	query := url.Values{}
	setUnlessEmpty(query, "kind", kind)
	var list wire.StreamList
	items, err := all(query, func(q url.Values) ([]wire.Stream, string, error) {
		var page wire.StreamList
		_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "streams"), query: q}, &page)
		list = page
		return page.Items, page.NextPageToken, err
	})
	list.Items = items
	return list, err
}

// Stream returns one stream, with what was said if that is asked for.
func (c *Client) Stream(ctx context.Context, name string, id uint64, bytes bool) (wire.Stream, error) {
	query := url.Values{}
	if bytes {
		query.Set("bytes", "true")
	}
	var s wire.Stream
	_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "streams", strconv.FormatUint(id, 10)), query: query}, &s)
	return s, err
}

// Talkers returns who talks most in a session, top of each kind, with rates taken over window.
func (c *Client) Talkers(ctx context.Context, name string, top int, window time.Duration) (wire.Talkers, error) {
	query := url.Values{"top": {strconv.Itoa(top)}, "window": {window.String()}}
	var t wire.Talkers
	_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "talkers"), query: query}, &t)
	return t, err
}
