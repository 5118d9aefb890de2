package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// wanted is a state of a session that a step waits for.
type wanted struct {
	what  string // for people, e.g. "delivering"
	holds func(wire.Session) bool
}

func state(name string) wanted {
	return wanted{"the verdict " + name, func(s wire.Session) bool { return s.Status.Verdict.State == name }}
}

// watch follows a session until it is as wanted, and tells each verdict that it passes through. It is an error when the time is up.
func (p *play) watch(ctx context.Context, name string, w wanted, patience time.Duration) (wire.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := p.client.Session(ctx, name)
		switch {
		case ctx.Err() != nil:
			return s, notSeen(ctx, name, w, patience, p.told[name])
		case err != nil:
			return s, err
		}
		p.tell(s)
		if w.holds(s) {
			return s, nil
		}
		select {
		case <-ctx.Done():
			return s, notSeen(ctx, name, w, patience, p.told[name])
		case <-time.After(lookEvery):
		}
	}
}

// lookEvery is how often a watched session is looked at.
const lookEvery = 100 * time.Millisecond

func notSeen(ctx context.Context, name string, w wanted, patience time.Duration, last string) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return fmt.Errorf("session %s did not come to %s within %s; it is %s", name, w.what, patience, last)
}

// tell says a session's verdict if it is another than the one told last.
func (p *play) tell(s wire.Session) {
	v := s.Status.Verdict
	word := v.State + "/" + v.Reason
	if v.State == "" || p.told[s.Name] == word {
		return
	}
	p.told[s.Name] = word
	p.say("%s is %s (%s): %s", s.Name, v.State, v.Reason, v.Message)
}
