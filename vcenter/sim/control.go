package sim

import (
	"net"
	"net/http"
	"net/url"
	"time"
)

// controlServer serves the control API.
func (s *Simulator) controlServer(l net.Listener) *server {
	s.mu.Lock()
	s.control = &url.URL{Scheme: "http", Host: l.Addr().String()}
	s.mu.Unlock()
	v := &server{name: "control", listener: l}
	v.http = &http.Server{Handler: v.count(http.NotFoundHandler()), ReadHeaderTimeout: 10 * time.Second}
	return v
}
