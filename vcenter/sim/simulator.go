package sim

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim/selfsigned"
	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// Simulator is one simulated vCenter with its hosts. Its methods may be called
// from several goroutines, before, during and after Run.
type Simulator struct {
	options Options
	log     *slog.Logger
	model   *simulator.Model
	dvs     *simulator.DistributedVirtualSwitch
	fabric  *fabric
	trouble trouble
	denials denials
	ahead   atomic.Int64 // nanoseconds, of vCenter's clock
	waiters waiters
	cert    *selfsigned.Certificate
	engine  *traffic.Engine  // used by the step of traffic only
	dice    *rand.Rand       // decides what is lost; used by the step of traffic only
	held    map[*host]copied // what paths hold back; used by the step of traffic only
	emitter emitter
	outside outside
	tagging *tagging

	taskNumber    atomic.Int64
	sessionNumber atomic.Int64
	tasks         sync.WaitGroup
	step          sync.Mutex    // held during each step of traffic
	stopped       chan struct{} // closed when Run ends; stops waiting tasks

	ready   chan struct{}
	mu      sync.Mutex // guards what follows
	running bool
	url     *url.URL
	control *url.URL
}

// New checks the options and builds the inventory. It starts nothing: Run
// does. A Simulator that is never run is released with Close.
func New(o Options) (*Simulator, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	s := &Simulator{
		options: o, log: o.Log, fabric: newFabric(),
		engine: traffic.New(o.Seed), dice: rand.New(rand.NewPCG(uint64(o.Seed), 0x6c6f_7373)),
		held:  make(map[*host]copied),
		ready: make(chan struct{}), stopped: make(chan struct{}),
	}
	if s.emitter, err = chooseEmitter(o); err != nil {
		return nil, err
	}
	if s.cert, err = selfsigned.NewFor(o.CertificateLife, time.Now(), "vspan simulator", hostOf(o.Listen)); err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	building.Lock()
	defer building.Unlock()
	if s.model, err = newModel(o.Seed); err != nil {
		return nil, err
	}
	if err := s.furnish(); err != nil {
		s.model.Remove()
		return nil, err
	}
	s.tagging = newTagging(o, s.registry())
	s.registry().Handler = s.hook
	s.registry().SessionManager().ValidLogin = s.validLogin
	return s, nil
}

// Close removes the temporary files of a Simulator that is not run. After Run
// it does nothing.
func (s *Simulator) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return
	}
	s.running = true
	s.model.Remove()
}

// Run listens, serves and mirrors until ctx is done. It returns nil then, once
// every goroutine it started has ended and every temporary file is gone.
// A Simulator runs once.
func (s *Simulator) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running {
		s.mu.Unlock()
		return fmt.Errorf("simulator: a simulator runs once")
	}
	s.running = true
	s.mu.Unlock()
	defer s.model.Remove()
	return s.serve(ctx)
}

// Ready is closed once Run serves requests.
func (s *Simulator) Ready() <-chan struct{} { return s.ready }

// URL is the vCenter endpoint, https, without credentials. It is nil until
// Ready is closed.
func (s *Simulator) URL() *url.URL {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.url)
}

// ControlURL is the base of the control API. It is nil until Ready is closed,
// and without one.
func (s *Simulator) ControlURL() *url.URL {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.control)
}

// Thumbprint is the SHA-256 of the server's certificate, upper-case
// hexadecimal pairs joined by colons.
func (s *Simulator) Thumbprint() string { return s.cert.Thumbprint() }

// CAPEM is the authority that signed the server's certificate, PEM encoded:
// the certificate itself.
func (s *Simulator) CAPEM() []byte { return s.cert.PEM() }

func clone(u *url.URL) *url.URL {
	if u == nil {
		return nil
	}
	c := *u
	return &c
}

// registry is vcsim's inventory.
func (s *Simulator) registry() *simulator.Registry { return s.model.Service.Context.Map }

// as is a context in which calls of vcsim happen in the name of this user.
func (s *Simulator) as(user string) *simulator.Context {
	ctx := *s.model.Service.Context
	ctx.Session = &simulator.Session{
		UserSession: types.UserSession{Key: "simulator", UserName: user, FullName: user},
		Registry:    simulator.NewRegistry(),
		Map:         ctx.Map,
	}
	return &ctx
}

// post puts events into the event history.
func (s *Simulator) post(ctx *simulator.Context, events ...types.BaseEvent) {
	manager := ctx.Map.EventManager()
	ctx.WithLock(manager, func() {
		for _, e := range events {
			manager.PostEvent(ctx, &types.PostEvent{EventToPost: e})
		}
	})
}
