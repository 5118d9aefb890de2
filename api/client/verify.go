package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// Verification says how a session is to be verified. The zero value is an echo request to each source.
type Verification struct {
	Method  string        // icmp, arp or udp
	Timeout time.Duration // of waiting for what comes back, 1 s to 15 s; 0: the server's default
	Source  string        // a VM's name or a port key
	Address string        // of the guest
	Toggle  bool          // interrupt the mirror for some seconds
}

// Verify sends probes through a session, and returns what they prove. It takes up to 30 s.
func (c *Client) Verify(ctx context.Context, name string, how Verification) (wire.Verification, error) {
	query := url.Values{}
	setUnlessEmpty(query, "method", how.Method)
	setUnlessEmpty(query, "source", how.Source)
	setUnlessEmpty(query, "address", how.Address)
	if how.Timeout > 0 {
		query.Set("timeout", how.Timeout.String())
	}
	if how.Toggle {
		query.Set("toggle", "true")
	}
	var v wire.Verification
	_, err := c.do(ctx, request{method: http.MethodPost, path: sessionPath(name), verb: "verify", query: query}, &v)
	return v, err
}
