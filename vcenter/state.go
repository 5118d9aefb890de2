package vcenter

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// state is what Run and the callers share.
type state struct {
	mu      sync.Mutex
	health  Health
	clock   clock         // vCenter's, as of the newest look at it
	current *connection   // nil while not logged in
	changed chan struct{} // closed and replaced whenever something here changes
	running bool
	stopped bool
}

func newState(config Config) *state {
	return &state{
		health:  Health{Name: config.Name, Address: config.address()},
		changed: make(chan struct{}),
	}
}

func (s *state) update(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// start reports whether Run may run: once.
func (s *state) start() bool {
	ok := false
	s.update(func() {
		ok = !s.running && !s.stopped
		s.running = true
	})
	return ok
}

func (s *state) stop(now time.Time) {
	s.update(func() {
		s.current, s.stopped = nil, true
		s.health.NextTry = time.Time{}
		s.health.turn(false, mirror.FaultOf(errStopped, mirror.VCenterUnreachable), now)
	})
}

func (s *state) loggedIn(conn *connection, now time.Time) {
	s.update(func() {
		s.current = conn
		s.look(conn.clock)
		s.health.Logins++
		s.health.About = conn.about
		s.health.NextTry = time.Time{}
		s.health.Failures = 0
		s.health.turn(true, nil, now)
	})
}

// reached records that vCenter answered within a login.
func (s *state) reached(at clock, now time.Time) {
	s.update(func() {
		s.look(at)
		s.health.turn(true, nil, now)
	})
}

// look records a look at vCenter's clock, if it came to something.
func (s *state) look(at clock) {
	if at.looked() {
		s.clock = at
		s.health.Skew = at.skew()
	}
}

// lost records that vCenter does not answer; the login is kept, it may have outlived the outage.
func (s *state) lost(err error, now time.Time) {
	s.update(func() { s.health.turn(false, mirror.FaultOf(err, mirror.VCenterUnreachable), now) })
}

// loggedOut records that a login has ended.
func (s *state) loggedOut(config Config, now time.Time) {
	s.update(func() {
		s.current = nil
		s.health.turn(false, mirror.Faultf(mirror.NotAuthenticated, config.object(), "the login of %q ended; it is being renewed", config.Username), now)
	})
}

// failed records a failed login and when the next one is due.
func (s *state) failed(err error, next, now time.Time) {
	s.update(func() {
		s.health.Failures++
		s.health.NextTry = next
		s.health.turn(false, mirror.FaultOf(err, mirror.VCenterUnreachable), now)
	})
}

func (s *state) failures() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.health.Failures
}

func (h *Health) turn(connected bool, fault *mirror.Fault, now time.Time) {
	if h.Since.IsZero() || h.Connected != connected {
		h.Since = now
	}
	h.Connected, h.Fault = connected, fault
}

func (h Health) log(log *slog.Logger, what string) {
	log.Info(what, "vcenter", h.Name, "address", h.Address, "version", h.About.Version, "instance", h.About.InstanceUUID, "skew", h.Skew)
}

var errStopped = errors.New("the client has stopped")

// forget drops a login that was found ended, so that nobody else tries it.
func (s *state) forget(conn *connection) {
	s.update(func() {
		if s.current == conn {
			s.current = nil
		}
	})
}
