package faultproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/vcenter/sim/selfsigned"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for; nothing takes a tenth of it.
const patience = 20 * time.Second

// upstream is a small server that answers every call with what it was asked, and counts.
type upstream struct {
	*httptest.Server
	served atomic.Int64 // calls carried out
	polled atomic.Int64 // long polls that came
	long   chan struct{}
	left   chan struct{} // receives when a long poll was given up
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{long: make(chan struct{}), left: make(chan struct{}, 1)}
	u.Server = httptest.NewUnstartedServer(u)
	u.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	u.StartTLS()
	t.Cleanup(u.Close)
	return u
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if strings.Contains(string(body), "WaitForUpdatesEx") {
		u.polled.Add(1)
		select {
		case <-u.long:
		case <-r.Context().Done():
			u.left <- struct{}{}
			return
		}
	}
	u.served.Add(1)
	w.Header().Set("Asked", r.Method+" "+r.URL.String()+" "+r.Header.Get("Cookie"))
	fmt.Fprintf(w, "you said %s", body)
}

// start runs a proxy for the length of the test.
func start(t *testing.T, o Options) *Proxy {
	t.Helper()
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(patience):
			t.Error("Run did not end")
		}
	})
	<-p.Ready()
	return p
}

// before runs a proxy before an upstream, and returns a client that trusts it.
func before(t *testing.T, u *upstream) (*Proxy, *client) {
	t.Helper()
	at, err := url.Parse(u.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, Options{Upstream: at, Thumbprint: selfsigned.Thumbprint(u.Certificate().Raw)})
	return p, newClient(t, p)
}

// client calls methods through a proxy.
type client struct {
	t    *testing.T
	p    *Proxy
	http http.Client
}

func newClient(t *testing.T, p *Proxy) *client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if got := selfsigned.Thumbprint(state.PeerCertificates[0].Raw); got != p.Thumbprint() {
				return fmt.Errorf("thumbprint %s", got)
			}
			return nil
		},
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t, p, http.Client{Transport: transport, Timeout: patience}}
}

func envelope(method string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header><operationID>x</operationID></soapenv:Header>` +
		`<soapenv:Body><` + method + ` xmlns="urn:vim25"><_this type="X">x</_this></` + method + `></soapenv:Body></soapenv:Envelope>`
}

// answered is a call that got an answer, perhaps not all of it.
type answered struct {
	status  int
	header  http.Header
	length  int64
	body    string
	reading error
}

func (c *client) call(ctx context.Context, method string) (answered, error) {
	return c.send(ctx, http.MethodPost, "/sdk", envelope(method))
}

func (c *client) send(ctx context.Context, verb, path, body string) (answered, error) {
	u := c.p.URL()
	u.Path = path
	r, err := http.NewRequestWithContext(ctx, verb, u.String(), bytes.NewReader([]byte(body)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Cookie", "a=b")
	res, err := c.http.Do(r)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return answered{res.StatusCode, res.Header, res.ContentLength, string(b), err}, nil
}

// whole fails the test unless the call goes through as it is.
func (c *client) whole(method string) {
	c.t.Helper()
	got, err := c.call(c.t.Context(), method)
	if want := "you said " + envelope(method); err != nil || got.reading != nil || got.status != http.StatusOK || got.body != want || got.length != int64(len(want)) {
		c.t.Errorf("%s: got %v, %+v", method, err, got)
	}
}

func (c *client) inject(r Rule) *Injection {
	c.t.Helper()
	i, err := c.p.Inject(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return i
}
