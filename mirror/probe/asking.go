package probe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/frame"
)

// asking is a question under way.
type asking struct {
	question Question
	shots    []*shot

	mu    sync.Mutex
	sent  map[Nonce]sent // guards it, and what the shots say
	moved chan struct{}  // something came
}

// shot is one address of one target.
type shot struct {
	target *Target
	guest  Guest
	line   Line  // nil where there is none
	fault  error // why

	mirror.Probed
}

// sent is one packet.
type sent struct {
	shot *shot
	at   time.Time
}

func newAsking(p *Prober, q Question) *asking {
	a := &asking{question: q, sent: make(map[Nonce]sent), moved: make(chan struct{}, 1)}
	for i := range q.Targets[:min(len(q.Targets), MaxTargets)] {
		t := &q.Targets[i]
		for _, address := range t.Addresses[:min(len(t.Addresses), MaxAddresses)] {
			s := &shot{target: t, guest: Guest{address, t.MAC}}
			s.PortKey, s.Address = t.PortKey, address
			s.line, s.fault = p.options.Network.Open(q.Method, s.guest)
			a.shots = append(a.shots, s)
		}
	}
	return a
}

func (a *asking) close() {
	for _, s := range a.shots {
		if s.line != nil {
			_ = s.line.Close() // nothing is buffered that could be lost
		}
	}
}

// fire sends the packets, in rounds. A target that has come to its end is sent no more.
func (a *asking) fire(ctx context.Context) {
	for round := range a.question.attempts() {
		for _, s := range a.shots {
			if ctx.Err() != nil {
				return
			}
			if s.line == nil || a.complete(s) {
				continue
			}
			a.send(s, uint16(round+1))
			pause(ctx, apart)
		}
		if a.allComplete() {
			return
		}
		a.wait(ctx, between)
	}
}

func (a *asking) send(s *shot, sequence uint16) {
	n := newNonce()
	now := time.Now()
	a.mu.Lock()
	a.sent[n] = sent{s, now}
	if s.Sent++; s.Sent == 1 {
		s.Began = now
	}
	a.mu.Unlock()
	if err := s.line.Send(n, sequence); err != nil {
		a.mu.Lock()
		delete(a.sent, n)
		s.Sent--
		s.fault = err
		a.mu.Unlock()
	}
}

// wait waits for d, or until every target is complete.
func (a *asking) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for !a.allComplete() {
		select {
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		case <-a.moved:
		}
	}
}

// await waits for what has not come yet: until ctx ends, or for a little longer than the last answer where copies alone are missing.
func (a *asking) await(ctx context.Context) {
	for !a.allComplete() && ctx.Err() == nil {
		if a.allAnswered() {
			a.wait(ctx, linger)
			return
		}
		a.wait(ctx, linger)
	}
}

// listen notes the answers of one guest.
func (a *asking) listen(ctx context.Context, s *shot) {
	for {
		n, err := s.line.Receive(ctx)
		if err != nil {
			return
		}
		a.answered(s, n, time.Now())
	}
}

func (a *asking) answered(s *shot, n Nonce, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	what, ours := a.sent[n]
	switch {
	case s.Answered || s.Sent == 0:
		return
	case n == (Nonce{}):
		s.RTT = now.Sub(s.Began)
	case !ours || what.shot != s:
		return
	default:
		s.RTT = now.Sub(what.at)
	}
	s.Answered = true
	a.tell()
}

// watch notes the copies.
func (a *asking) watch(ctx context.Context, frames *capture.Subscription) {
	for {
		f, err := frames.Next(ctx)
		if err != nil {
			return
		}
		a.see(f)
	}
}

// see looks whether a frame is the copy of a packet that was sent.
func (a *asking) see(f *capture.Frame) {
	parsed, err := parse(f)
	if err != nil {
		return
	}
	n, answer, ok := sight(&parsed)
	if !ok {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	what, ours := a.sent[n]
	if !ours || f.Host == "" || f.PortKey != what.shot.PortKey {
		return
	}
	seen, other := &what.shot.ToVM, mirror.FromVM
	if answer {
		seen, other = &what.shot.FromVM, mirror.ToVM
	}
	if seen.Seen || f.Direction == other {
		return
	}
	*seen = mirror.Copy{Seen: true, Delay: max(f.At().Sub(what.at), 0), Host: f.Host, Exporter: f.Exporter}
	a.tell()
}

func parse(f *capture.Frame) (frame.Frame, error) {
	if f.Bare {
		return frame.ParseBare(f.Data)
	}
	return frame.Parse(f.Data)
}

// tell wakes who waits; a.mu is held.
func (a *asking) tell() {
	select {
	case a.moved <- struct{}{}:
	default:
	}
}

// complete reports whether nothing more can come of a shot.
func (a *asking) complete(s *shot) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done(s)
}

// done is complete with a.mu held. Of a target with two addresses one that proves the mirror is enough.
func (a *asking) done(s *shot) bool {
	if s.line == nil {
		return true
	}
	toVM, fromVM := a.question.expected(s.target)
	if a.question.Paused {
		return s.Answered
	}
	return slices.ContainsFunc(a.shots, func(o *shot) bool {
		return o.target == s.target && o.Answered && o.ToVM.Seen == toVM && o.FromVM.Seen == fromVM && (toVM || fromVM)
	})
}

func (a *asking) allComplete() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !slices.ContainsFunc(a.shots, func(s *shot) bool { return !a.done(s) })
}

// allAnswered reports whether every guest that could be asked has answered.
func (a *asking) allAnswered() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !slices.ContainsFunc(a.shots, func(s *shot) bool { return s.line != nil && !s.Answered })
}
