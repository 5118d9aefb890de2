package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/selfsigned"
)

// maxReply bounds the body of an answer.
const maxReply = 64 << 20

// reply is an answer of the upstream.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// forward makes a call to the upstream.
func (p *Proxy) forward(ctx context.Context, r *http.Request, body []byte) (reply, error) {
	target := *p.upstream
	target.Path, target.RawPath, target.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
	out, err := http.NewRequestWithContext(ctx, r.Method, target.String(), bytes.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("forwarding %s %q: %w", r.Method, r.URL.Path, err)
	}
	copyHeader(out.Header, r.Header)
	if _, given := out.Header["User-Agent"]; !given {
		out.Header.Set("User-Agent", "") // else net/http's own name is sent
	}
	in, err := p.transport.RoundTrip(out)
	if err != nil {
		return reply{}, fmt.Errorf("forwarding %s %q: %w", r.Method, r.URL.Path, err)
	}
	defer in.Body.Close()
	answered, err := io.ReadAll(io.LimitReader(in.Body, maxReply+1))
	if err == nil && len(answered) > maxReply {
		err = fmt.Errorf("it is longer than %d bytes", maxReply)
	}
	if err != nil {
		return reply{}, fmt.Errorf("reading the upstream's answer: %w", err)
	}
	return reply{in.StatusCode, in.Header, answered}, nil
}

// hopByHop are headers about one connection (RFC 9110, section 7.6.1), and the length, which is set anew.
var hopByHop = []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}

func copyHeader(to, from http.Header) {
	for name, values := range from {
		if !slices.Contains(hopByHop, name) {
			to[name] = slices.Clone(values)
		}
	}
}

// newTransport speaks HTTP/1.1 and passes bodies on as they are.
func newTransport(verify *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSClientConfig:     verify,
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 64, // a long poll of each switch and the calls between
		DisableCompression:  true,
	}
}

// verification trusts the upstream's certificate by its thumbprint or its authority.
func verification(o Options) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	if o.Thumbprint == "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(o.AuthorityPEM) {
			return nil, errors.New("fault proxy: give the upstream's thumbprint or its authority in PEM")
		}
		return c, nil
	}
	c.InsecureSkipVerify = true // the chain; the certificate itself is verified on every connection
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if got := selfsigned.Thumbprint(state.PeerCertificates[0].Raw); got != o.Thumbprint {
			return fmt.Errorf("the upstream's thumbprint is %s, not %s", got, o.Thumbprint)
		}
		return nil
	}
	return c, nil
}
