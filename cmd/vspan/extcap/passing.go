package extcap

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// The life of a session that is there for one capture: it is made longer while the capture runs, and ends by itself soon after a
// capture that could not remove it. Each time the marker on the switch changes, which is a task of vCenter's, so it is not done more often
// than that; a daemon that restarts is asked again in time.
const (
	passingLife  = 90 * time.Second
	passingRenew = 45 * time.Second
	passingRetry = 5 * time.Second
)

// Bounds of what is waited for.
const (
	placedWithin  = 30 * time.Second
	refusedAfter  = 3 * time.Second // what is not accepted for so long, e.g. because there is no such VM, will not be soon
	removedWithin = 10 * time.Second
)

// Passing is a session that is there for one capture.
type Passing struct {
	client *client.Client
	name   string
	ends   time.Time // by this process's clock, when its life ends
}

// NewPassing makes a session that mirrors a VM, and returns when it stands on the switch.
func NewPassing(ctx context.Context, c *client.Client, vm, direction string) (*Passing, error) {
	begun := time.Now()
	s, err := c.Create(ctx, wire.SessionInput{
		Labels: map[string]string{"made-by": "extcap"},
		Spec:   wire.Spec{Sources: []wire.Source{{VM: vm, Direction: direction}}, ExpiresIn: passingLife.String()},
	}, rand.Text())
	if err != nil {
		return nil, err
	}
	p := &Passing{client: c, name: s.Name, ends: begun.Add(passingLife)}
	if err := p.placed(ctx, vm); err != nil {
		return nil, errors.Join(err, p.Remove())
	}
	return p, nil
}

// placed waits until the session stands on the switch.
func (p *Passing) placed(ctx context.Context, vm string) error {
	for begun := time.Now(); ; {
		s, placed, err := p.client.Wait(ctx, p.name, string(mirror.ConditionApplied), refusedAfter)
		if err != nil || placed {
			return err
		}
		refused := slices.ContainsFunc(s.Status.Conditions, func(c wire.Condition) bool {
			return c.Type == string(mirror.ConditionAccepted) && c.Status == "False"
		})
		if waited := time.Since(begun); waited >= placedWithin || refused && waited >= refusedAfter {
			return fmt.Errorf("VM %q is not mirrored: %s", vm, whyNot(s))
		}
	}
}

// whyNot is why a session does not stand on its switch.
func whyNot(s wire.Session) string {
	for _, c := range s.Status.Conditions {
		if c.Status == "False" && slices.Contains([]string{string(mirror.ConditionAccepted), string(mirror.ConditionApplied)}, c.Type) && c.Message != "" {
			return c.Message
		}
	}
	return cmp.Or(s.Status.Verdict.Message, "it does not stand on its switch yet")
}

// Name is that of the session.
func (p *Passing) Name() string { return p.name }

// Keep makes the session's life longer until ctx ends. A daemon that is away for a while is asked again.
func (p *Passing) Keep(ctx context.Context) {
	for wait := passingRenew; ; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		by := passingLife - time.Until(p.ends)
		if by < time.Second {
			continue
		}
		if _, err := p.client.Extend(ctx, p.name, by.Truncate(time.Second), client.Precondition{}); err != nil {
			wait = passingRetry
			continue
		}
		p.ends, wait = time.Now().Add(passingLife), passingRenew
	}
}

// Remove deletes the session, also when what it was there for was interrupted.
func (p *Passing) Remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), removedWithin)
	defer cancel()
	_, err := p.client.Delete(ctx, p.name, 0)
	if problem := new(wire.Problem); errors.As(err, &problem) && problem.Status == 404 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("session %q could not be removed, and ends by itself within %s: %w", p.name, passingLife, err)
	}
	return nil
}
