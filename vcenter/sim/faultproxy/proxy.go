package faultproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/selfsigned"
)

// Options configure a Proxy. Upstream and one way to verify its certificate must be set.
type Options struct {
	// Upstream is the vCenter; of the URL only scheme (https) and host are used.
	Upstream *url.URL
	// Thumbprint is the SHA-256 of the upstream's certificate, upper-case hexadecimal pairs joined by colons.
	Thumbprint string
	// AuthorityPEM is the authority of the upstream's certificate, where Thumbprint is empty.
	AuthorityPEM []byte
	// Rand decides about rules with a probability; without it they are refused. The proxy uses it under a lock of its own: nobody
	// else may use it while the proxy runs.
	Rand *rand.Rand
	// Log receives why calls could not be forwarded. Nil discards it.
	Log *slog.Logger
}

// Proxy is one fault proxy on a loopback address. Its methods may be called by several goroutines, before, during and after Run.
type Proxy struct {
	upstream  *url.URL
	transport *http.Transport
	cert      *selfsigned.Certificate
	log       *slog.Logger
	rules     rules
	calls     calls
	conns     connections

	ready   chan struct{}
	mu      sync.Mutex // guards what follows
	running bool
	url     *url.URL
}

// New checks the options and makes a certificate. It starts nothing: Run does.
func New(o Options) (*Proxy, error) {
	if o.Upstream == nil || o.Upstream.Scheme != "https" || o.Upstream.Host == "" {
		return nil, fmt.Errorf("fault proxy: the upstream is %v, want https://host:port", o.Upstream)
	}
	verify, err := verification(o)
	if err != nil {
		return nil, err
	}
	cert, err := selfsigned.New(time.Now(), "vspan fault proxy", "")
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Proxy{
		upstream: &url.URL{Scheme: o.Upstream.Scheme, Host: o.Upstream.Host}, transport: newTransport(verify), cert: cert, log: o.Log,
		rules: rules{rand: o.Rand}, ready: make(chan struct{}),
	}, nil
}

// Ready is closed once Run accepts connections.
func (p *Proxy) Ready() <-chan struct{} { return p.ready }

// URL is where a client finds the vCenter's SOAP endpoint, without credentials. It is nil until Ready is closed.
func (p *Proxy) URL() *url.URL {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.url == nil {
		return nil
	}
	u := *p.url
	return &u
}

// Thumbprint is the SHA-256 of the proxy's own certificate, in the form of Options.Thumbprint.
func (p *Proxy) Thumbprint() string { return p.cert.Thumbprint() }

// Run listens and forwards until ctx ends. Then it cuts all connections at once and returns nil, when every goroutine it started has
// ended. It runs once.
func (p *Proxy) Run(ctx context.Context) error {
	if err := p.start(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("fault proxy: listening on loopback: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p.mu.Lock()
	p.url = &url.URL{Scheme: "https", Host: listener.Addr().String(), Path: "/sdk"}
	p.mu.Unlock()
	server := p.server(ctx)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(tls.NewListener(&listening{listener, &p.conns}, p.cert.TLS())) }()
	close(p.ready)
	select {
	case err = <-failed:
		err = fmt.Errorf("fault proxy: accepting connections: %w", err)
	case <-ctx.Done():
		p.Down()           // first: closing a TLS connection in order can take a while
		_ = server.Close() // of the listener; the connections are gone
		if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
			err = fmt.Errorf("fault proxy: accepting connections: %w", ended)
		}
	}
	cancel()
	p.conns.cut()
	p.conns.served.Wait()
	p.transport.CloseIdleConnections()
	return err
}

func (p *Proxy) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running {
		return errors.New("fault proxy: it runs once")
	}
	p.running = true
	return nil
}

func (p *Proxy) server(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(ctx, w, r) }),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
		ConnContext:       withConnection,
		ConnState:         p.conns.follow,
	}
}

// Down is a vCenter that is not there: it cuts all connections and every new one as soon as it is made, until Up. The port stays taken
// meanwhile, so that a client's TCP connect may succeed before it is reset.
func (p *Proxy) Down() {
	p.conns.refuse(true)
	p.conns.cut()
}

// Up ends Down.
func (p *Proxy) Up() { p.conns.refuse(false) }

// Cut resets all connections there are, once.
func (p *Proxy) Cut() { p.conns.cut() }
