package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/vspan-io/vspan/api/wire"
)

// Orphans returns what stands on the switches with the marker of this installation and belongs to no session, and who else has
// sessions there.
func (c *Client) Orphans(ctx context.Context) ([]wire.Orphan, []wire.OtherInstallation, error) {
	return c.orphans(ctx, "this")
}

// OthersSessions returns what stands on the switches with the marker of another installation.
func (c *Client) OthersSessions(ctx context.Context) ([]wire.Orphan, []wire.OtherInstallation, error) {
	return c.orphans(ctx, "other")
}

func (c *Client) orphans(ctx context.Context, owner string) (found []wire.Orphan, others []wire.OtherInstallation, err error) {
	found, err = all(url.Values{"owner": {owner}}, func(q url.Values) ([]wire.Orphan, string, error) {
		var page wire.OrphanList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "orphans"}, query: q}, &page)
		others = page.Others
		return page.Items, page.NextPageToken, err
	})
	return found, others, err
}

// Adopt makes a session of an orphan.
func (c *Client) Adopt(ctx context.Context, uid string) (wire.Adoption, error) {
	var a wire.Adoption
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"v1", "orphans", uid}, verb: "adopt"}, &a)
	return a, err
}

// RemoveOrphan asks for an orphan to be taken off its switch. Delete waits until it is, under mirror.NameForOrphan.
func (c *Client) RemoveOrphan(ctx context.Context, uid string) error {
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"v1", "orphans", uid}, verb: "remove"}, nil)
	return err
}

// Damaged returns the names of the sessions whose records cannot be read.
func (c *Client) Damaged(ctx context.Context) ([]string, error) {
	var page wire.SessionList
	_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "sessions"}, query: url.Values{"pageSize": {"1"}}}, &page)
	return page.Damaged, err
}

// Discard forgets the record of a session that cannot be read; what stands on the switch stays there, as an orphan.
func (c *Client) Discard(ctx context.Context, name string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: sessionPath(name), query: url.Values{"damaged": {"true"}}}, nil)
	return err
}

// Held returns the changes that are held back on a switch.
func (c *Client) Held(ctx context.Context, switchName string, l Look) ([]wire.Operation, error) {
	return all(l.query(), func(q url.Values) ([]wire.Operation, string, error) {
		var page wire.OperationList
		_, err := c.do(ctx, request{method: http.MethodGet, path: []string{"v1", "switches", switchName, "held"}, query: q}, &page)
		return page.Items, page.NextPageToken, err
	})
}

// Release lets what is held back on a switch be done, once, and returns how many changes that are.
func (c *Client) Release(ctx context.Context, switchName, vcenter string) (int, error) {
	query := url.Values{}
	setUnlessEmpty(query, "vcenter", vcenter)
	var r wire.Release
	_, err := c.do(ctx, request{method: http.MethodPost, path: []string{"v1", "switches", switchName}, verb: "release", query: query}, &r)
	return r.Released, err
}
