package vcenter

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/vspan-io/vspan/mirror/doctor"
)

// lookAtCertificate looks at vCenter's certificate by a connection of its own, over which nothing is sent: also one that is not
// trusted, or no longer valid, and is the reason why no login comes about, can be looked at.
func (c *Client) lookAtCertificate(ctx context.Context) doctor.CertificateFacts {
	facts := doctor.CertificateFacts{Trust: c.config.trust()}
	if facts.Trust == doctor.TrustPlain {
		return facts
	}
	dialer := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: dialTimeout},
		Config:    &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.config.URL.Hostname(), InsecureSkipVerify: true}, // only looked at
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", c.config.address())
	if err != nil {
		facts.Fault = err.Error()
		return facts
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0] // a TLS client's handshake does not end without one
	facts.Subject, facts.NotAfter = leaf.Subject.CommonName, leaf.NotAfter
	return facts
}

// trust says how the certificate is verified.
func (c Config) trust() doctor.Trust {
	switch {
	case c.URL.Scheme == "http":
		return doctor.TrustPlain
	case c.Thumbprint != "":
		return doctor.TrustThumbprint
	case c.CAFile != "":
		return doctor.TrustAuthority
	case c.Insecure:
		return doctor.TrustNothing
	default:
		return doctor.TrustSystem
	}
}

// skew is how far vCenter's clock was ahead of ours at the newest look at it; nil when there was none.
func (c *Client) skew() *time.Duration {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	if !c.state.clock.looked() {
		return nil
	}
	skew := c.state.clock.skew()
	return &skew
}
