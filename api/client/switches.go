package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vspan-io/vspan/api/wire"
)

// Look says which vCenter to look at, and how. The zero value looks at all, as they were last read.
type Look struct {
	VCenter string // name of a configured vCenter
	Fresh   bool   // read it now
}

func (l Look) query() url.Values {
	q := url.Values{}
	setUnlessEmpty(q, "vcenter", l.VCenter)
	if l.Fresh {
		q.Set("fresh", "true")
	}
	return q
}

// Switches returns the distributed switches, ordered by name.
func (c *Client) Switches(ctx context.Context, l Look) ([]wire.Switch, error) {
	return all(l.query(), func(q url.Values) ([]wire.Switch, string, error) {
		var page wire.SwitchList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "switches"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Ports returns the ports of a switch, ordered by VM; only those of vm unless it is empty.
func (c *Client) Ports(ctx context.Context, switchName, vm string, l Look) ([]wire.Port, error) {
	query := l.query()
	setUnlessEmpty(query, "vm", vm)
	return all(query, func(q url.Values) ([]wire.Port, string, error) {
		var page wire.PortList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "switches", switchName, "ports"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// ForeignSessions returns the sessions on a switch that are not vspan's.
func (c *Client) ForeignSessions(ctx context.Context, switchName string, l Look) ([]wire.ForeignSession, error) {
	return all(l.query(), func(q url.Values) ([]wire.ForeignSession, string, error) {
		var page wire.ForeignSessionList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "switches", switchName, "foreign-sessions"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}
