package faultproxy

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// Whatever is under way, the end comes at once and leaves nothing behind.
func TestRunEndsAtOnce(t *testing.T) {
	u := newUpstream(t)
	at, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Upstream: at, AuthorityPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: u.Certificate().Raw})})
	if err != nil {
		t.Fatal(err)
	}
	if p.URL() != nil {
		t.Error("it has a URL before it runs")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	<-p.Ready()
	c := newClient(t, p)
	c.whole("Login")
	c.inject(Rule{Method: "Stalled", Fault: Stall})
	c.inject(Rule{Method: "Late", Fault: DelayRequest, Wait: time.Hour})
	c.inject(Rule{Method: "LateReply", Fault: DelayReply, Wait: time.Hour})
	calls := make(chan error)
	methods := []string{"Stalled", "Late", "LateReply", "WaitForUpdatesEx"}
	for _, method := range methods {
		go func() {
			_, err := c.call(context.WithoutCancel(ctx), method)
			calls <- err
		}()
	}
	silent, err := net.Dial("tcp", p.URL().Host)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	eventually(t, "all are under way", func() bool { return p.Calls("") == 5 })
	began := time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v", took)
	}
	for range methods {
		if err := <-calls; err == nil {
			t.Error("a call ended well")
		}
	}
	if err := p.Run(t.Context()); err == nil {
		t.Error("it ran twice")
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	t.Parallel()
	https := &url.URL{Scheme: "https", Host: "127.0.0.1:1"}
	for _, o := range []Options{
		{}, {Upstream: https}, {Upstream: https, AuthorityPEM: []byte("x")}, {Upstream: &url.URL{Scheme: "http", Host: "x"}, Thumbprint: "AA"},
		{Upstream: &url.URL{Scheme: "https"}, Thumbprint: "AA"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}

// An upstream that is another, or not there, is a connection that dies.
func TestUpstreamThatIsNot(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	at, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, Options{Upstream: at, Thumbprint: "00:11"})
	if _, err := newClient(t, p).call(t.Context(), "Login"); err == nil || u.served.Load() != 0 {
		t.Errorf("an upstream of another certificate: %v, %d calls carried out", err, u.served.Load())
	}
	p, c := before(t, u)
	u.CloseClientConnections()
	u.Close()
	if _, err := c.call(t.Context(), "Login"); err == nil || p.Calls("Login") != 1 {
		t.Errorf("an upstream that is gone: %v", err)
	}
}

// The certificate is one that can be verified as usual, too.
func TestCertificate(t *testing.T) {
	t.Parallel()
	p := start(t, Options{Upstream: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, Thumbprint: "AA"})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.cert.PEM())
	c := newClient(t, p)
	c.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots
	c.http.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = false
	c.inject(Rule{Fault: Status, Status: 503})
	if got, err := c.call(t.Context(), "Login"); err != nil || got.status != 503 {
		t.Errorf("got %v, %+v", err, got)
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		p, err := New(Options{Upstream: &url.URL{Scheme: "https", Host: "127.0.0.1:1"}, Thumbprint: "AA"})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		<-p.Ready()
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
	}
}
