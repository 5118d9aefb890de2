package client

import (
	"context"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
)

var membersPath = []string{"v1", "cluster", "members"}

// Members returns the members of the cluster, ordered by name.
func (c *Client) Members(ctx context.Context) ([]wire.Member, error) {
	var l wire.MemberList
	_, err := c.do(ctx, request{method: http.MethodGet, path: membersPath}, &l)
	return l.Items, err
}

// AddMember lets one more daemon into the cluster and returns what it must be started with.
func (c *Client) AddMember(ctx context.Context, in wire.MemberInput) (wire.Joining, error) {
	var j wire.Joining
	_, err := c.do(ctx, request{method: http.MethodPost, path: membersPath, body: in}, &j)
	return j, err
}

// RemoveMember takes a member, by name or id, out of the cluster.
func (c *Client) RemoveMember(ctx context.Context, name string) error {
	_, err := c.do(ctx, request{method: http.MethodDelete, path: append(membersPath[:len(membersPath):len(membersPath)], name)}, nil)
	return err
}
