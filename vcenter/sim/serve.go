package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// graceTime is how long requests under way may take when Run is to end;
	// then their connections are closed. Connections that never sent a request
	// would hold up a server for 5 s without it (net/http.Server.Shutdown).
	graceTime = 300 * time.Millisecond
	// maxRequest bounds a SOAP request; the largest real ones are a few kB.
	maxRequest = 8 << 20
)

// serve listens and runs everything until ctx is done.
func (s *Simulator) serve(ctx context.Context) error {
	defer s.tasks.Wait()
	defer close(s.stopped)

	listener, err := net.Listen("tcp", s.options.Listen)
	if err != nil {
		return fmt.Errorf("simulator: listening on %s: %w", s.options.Listen, err)
	}
	defer listener.Close()
	servers := []*server{s.vcenterServer(listener)}
	if s.options.Control != "" {
		control, err := net.Listen("tcp", s.options.Control)
		if err != nil {
			return fmt.Errorf("simulator: listening on %s for the control API: %w", s.options.Control, err)
		}
		defer control.Close()
		servers = append(servers, s.controlServer(control))
	}
	if err := s.emitter.open(); err != nil {
		return err
	}
	defer s.emitter.close()
	if err := s.outside.open(s.options.TUN); err != nil {
		return err
	}
	defer s.outside.close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.drive(ctx) })
	group.Go(func() error { return s.outside.run(ctx, s) })
	for _, each := range servers {
		group.Go(func() error { return each.run(ctx) })
	}
	close(s.ready)
	return group.Wait()
}

// server is one HTTP server whose requests can all be ended.
type server struct {
	name     string
	http     *http.Server
	listener net.Listener
	tls      bool
	requests sync.WaitGroup
	// interrupt ends requests that would wait for something that will not come.
	interrupt func()
}

// vcenterServer serves the SOAP endpoint and what there is of the REST one. It is this package's own server and
// not simulator.Service.NewServer, which panics when it cannot listen, changes
// globals, and blocks on close while a client waits for updates.
func (s *Simulator) vcenterServer(l net.Listener) *server {
	service := s.model.Service
	registry := s.registry()
	service.RegisterSDK(registry, registry.Path+"/vimService")
	service.ServeMux.HandleFunc(registry.Path+"/vimServiceVersions.xml", service.ServiceVersions)
	service.ServeMux.HandleFunc("/about", service.About)
	s.tagging.register(service.ServeMux)

	u := &url.URL{Scheme: "https", Host: l.Addr().String(), Path: registry.Path}
	service.Listen = &url.URL{
		Scheme: u.Scheme, Host: u.Host, Path: u.Path,
		User: url.UserPassword(s.options.Username, s.options.Password),
	}
	registry.SessionManager().ServiceHostName = u.Host
	s.mu.Lock()
	s.url = u
	s.mu.Unlock()
	v := &server{name: "vCenter", listener: l, tls: true, interrupt: s.waiters.cancel}
	v.http = &http.Server{
		Handler: v.count(http.MaxBytesHandler(service.ServeMux, maxRequest)), TLSConfig: s.cert.TLS(),
		ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return v
}

// count lets run wait for the requests under way: closing a server does not.
func (v *server) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v.requests.Add(1)
		defer v.requests.Done()
		next.ServeHTTP(w, r)
	})
}

// run serves until ctx is done and every request has ended.
func (v *server) run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() {
		if v.tls {
			failed <- v.http.ServeTLS(v.listener, "", "")
			return
		}
		failed <- v.http.Serve(v.listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("simulator: serving the %s endpoint: %w", v.name, err)
	case <-ctx.Done():
	}
	err := v.shutdown()
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// shutdown ends waiting requests until none is left.
func (v *server) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), graceTime)
	defer cancel()
	over := make(chan error, 1)
	go func() {
		err := v.http.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			err = v.http.Close()
		}
		v.requests.Wait()
		over <- err
	}()
	// A request may begin to wait after the first interruption: repeat it.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-over:
			if err != nil {
				return fmt.Errorf("simulator: stopping the %s endpoint: %w", v.name, err)
			}
			return nil
		case <-tick.C:
			if v.interrupt != nil {
				v.interrupt()
			}
		}
	}
}

// hostOf is the host of host:port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}
