package sim

import (
	"context"
	"errors"
	"net/url"
)

var errNotBuilt = errors.New("sim: not built yet")

// Simulator is one simulated vCenter with its hosts.
type Simulator struct {
	options Options
	ready   chan struct{}
}

// New checks the options and builds the inventory. It starts nothing: Run does.
func New(o Options) (*Simulator, error) {
	return &Simulator{options: o, ready: make(chan struct{})}, nil
}

// Run listens, serves and mirrors until ctx is done. It returns nil then, once
// every goroutine it started has ended.
func (s *Simulator) Run(ctx context.Context) error { return errNotBuilt }

// Ready is closed once Run serves requests.
func (s *Simulator) Ready() <-chan struct{} { return s.ready }

// URL is the vCenter endpoint, https, without credentials. It is known once
// Ready is closed.
func (s *Simulator) URL() *url.URL { return nil }

// ControlURL is the base of the control API, nil without one.
func (s *Simulator) ControlURL() *url.URL { return nil }

// Thumbprint is the SHA-256 of the server's certificate in hexadecimal pairs
// joined by colons.
func (s *Simulator) Thumbprint() string { return "" }

// CAPEM is the certificate that signed the server's, PEM encoded.
func (s *Simulator) CAPEM() []byte { return nil }

// EmitDescription says in a few words where mirror packets go.
func (s *Simulator) EmitDescription() string { return "" }

// State describes everything at this moment.
func (s *Simulator) State() State { return State{} }
