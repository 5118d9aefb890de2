package client

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"github.com/vspan-io/vspan/api/wire"
)

// SessionEvents returns what is kept of the history of a session, the newest first. uid is needed for one that is gone; "" means
// the one that bears the name now.
func (c *Client) SessionEvents(ctx context.Context, name, uid string) ([]wire.Event, error) {
	query := url.Values{}
	setUnlessEmpty(query, "uid", uid)
	return all(query, func(q url.Values) ([]wire.Event, string, error) {
		var page wire.EventList
		_, err := c.do(ctx, request{method: http.MethodGet, path: append(sessionPath(name), "events"), query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Happenings say which events are wanted. The zero value wants all that are kept.
type Happenings struct {
	Session string // only of this session
	After   uint64 // only those after the event with this number
	Follow  bool   // and those that are still to come
}

func (h Happenings) query() url.Values {
	q := url.Values{"after": {strconv.FormatUint(h.After, 10)}, "follow": {strconv.FormatBool(h.Follow)}}
	setUnlessEmpty(q, "session", h.Session)
	return q
}

// maxEvent bounds the line of one event.
const maxEvent = 1 << 20

// Events yields events, the oldest first. With Follow it ends with an error: ctx's, or that the server ended the stream
// (io.ErrUnexpectedEOF); who wants more goes on after the last number he got. Numbers that are missing are of events that are not
// kept any more, belong to other sessions, or came faster than they were taken.
func (c *Client) Events(ctx context.Context, h Happenings) iter.Seq2[wire.Event, error] {
	return func(yield func(wire.Event, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		resp, err := c.open(ctx, request{
			method: http.MethodGet, path: []string{"v1", "events"}, query: h.query(), header: http.Header{"Accept": {"application/x-ndjson"}},
		})
		if err != nil {
			yield(wire.Event{}, err)
			return
		}
		defer func() { _ = resp.Body.Close() }() // nothing is lost when it fails: the stream was read, or given up
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, maxEvent)
		for lines.Scan() {
			if len(lines.Bytes()) == 0 {
				continue // it shows that the stream lives
			}
			var e wire.Event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				yield(wire.Event{}, fmt.Errorf("follow the events of %s: understand one: %w", c, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		err = lines.Err()
		if err == nil && h.Follow {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			yield(wire.Event{}, fmt.Errorf("follow the events of %s: %w", c, err))
		}
	}
}

// open sends a request and returns its answer, which is a success, to be read and closed by the caller.
func (c *Client) open(ctx context.Context, r request) (*http.Response, error) {
	req, err := c.build(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, c.base, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask vspan: %w", err) // a *url.Error, which names method and URL
	}
	if resp.StatusCode < http.StatusMultipleChoices {
		return resp, nil
	}
	defer func() { _ = resp.Body.Close() }() // it was read, or given up
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("%s %s: read the answer: %w", r.method, req.URL.Redacted(), err)
	}
	return nil, problemOf(req, resp, text)
}
