package vcenter

import (
	"context"
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// keepalive is how often the login is used at least. vCenter ends one that is idle for 30 minutes, and a pending wait for
	// updates does not count as use. It is also how old Health.Connected can be.
	keepalive = time.Minute

	// settled is how long a login has to last before it counts as a success: one that ends at once is not renewed in a hot loop.
	settled = time.Minute
)

// Run logs in, keeps the login alive and renews it when it ended, until ctx ends; then it logs out, briefly, and returns nil. It
// runs once. While vCenter is not to be reached it tries at least twice a minute; while vCenter refuses the user, once a minute and
// then ever more rarely down to every 15 minutes, so that no account is locked.
func (c *Client) Run(ctx context.Context) error {
	if !c.state.start() {
		return errors.New("the vCenter client runs already, or has run")
	}
	defer func() { c.state.stop(time.Now()) }()
	shortLived := 0
	for ctx.Err() == nil {
		conn, err := connect(ctx, c.config)
		if err != nil {
			c.tryLater(ctx, err)
			continue
		}
		since := time.Now()
		c.state.loggedIn(conn, since)
		c.Health().log(c.log, "logged in")
		c.keep(ctx, conn)
		conn.finish()
		c.state.loggedOut(c.config, time.Now())
		conn.close(ctx)
		if time.Since(since) >= settled {
			shortLived = 0
		} else if shortLived++; shortLived > 1 && ctx.Err() == nil {
			pause(ctx, jitter(delayAfter(errStopped, shortLived-1)))
		}
	}
	return nil
}

// tryLater records a failed login and waits for the next one's time.
func (c *Client) tryLater(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	n := c.state.failures() + 1
	wait := jitter(delayAfter(err, n))
	now := time.Now()
	c.state.failed(err, now.Add(wait), now)
	c.log.Warn("login failed", "vcenter", c.config.Name, "address", c.config.address(), "user", c.config.Username, "error", err, "failures", n, "next", wait)
	pause(ctx, wait)
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// keep looks after a login until it or ctx ends. An outage does not end it: vCenter may still know it afterwards.
func (c *Client) keep(ctx context.Context, conn *connection) {
	if conn.clock.looked() && !c.waitForDoubt(ctx, conn, keepalive, true) { // else vCenter has not answered since the login
		return
	}
	outage := 0
	for {
		wait := keepalive
		if err := c.check(ctx, conn); err == nil {
			if outage > 0 {
				c.log.Info("vCenter answers again", "vcenter", c.config.Name)
			}
			outage = 0
		} else if ctx.Err() != nil || loginGone(err) {
			return
		} else {
			outage++
			wait = jitter(delayAfter(nil, outage))
			c.log.Warn("vCenter does not answer", "vcenter", c.config.Name, "error", c.Health().Fault, "next", wait)
		}
		if !c.waitForDoubt(ctx, conn, wait, outage == 0) {
			return
		}
	}
}

// waitForDoubt waits for the next check: its time, or, if heed is set, a call that got no answer. It is false when the login ended.
func (c *Client) waitForDoubt(ctx context.Context, conn *connection, wait time.Duration, heed bool) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	doubt := c.doubt
	if !heed {
		doubt = nil
	}
	select {
	case <-ctx.Done():
		return false
	case <-conn.ended:
		return false
	case <-doubt:
		return true
	case <-t.C:
		return true
	}
}

// check asks vCenter for its time, and whether it still knows the login.
func (c *Client) check(ctx context.Context, conn *connection) error {
	at, err := lookAtClock(ctx, conn.vim)
	if err == nil {
		user, failed := conn.login.UserSession(ctx)
		if failed == nil && user == nil {
			return errLoginGone
		}
		if err = failed; err == nil {
			c.state.reached(at, time.Now())
			return nil
		}
	}
	if !loginGone(err) && ctx.Err() == nil {
		c.state.lost(explain(ctx, err, c.config.object(), c.config), time.Now())
	}
	return err
}

// await returns the login that stands, or waits for one: as long as no login has failed, for the first to succeed or fail.
func (c *Client) await(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.timeout())
	defer cancel()
	for {
		s := c.state
		s.mu.Lock()
		conn, changed, stopped, failed := s.current, s.changed, s.stopped, s.health.Failures > 0
		fault := s.health.Fault
		s.mu.Unlock()
		switch {
		case stopped:
			return nil, &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: c.config.object(), Text: "not asked", Err: errStopped}
		case conn != nil:
			return conn, nil
		case failed && fault != nil:
			return nil, fault
		}
		select {
		case <-ctx.Done():
			return nil, &mirror.Fault{Reason: mirror.VCenterUnreachable, Object: c.config.object(), Text: "no login came about in time", Err: ctx.Err()}
		case <-changed:
		}
	}
}

// enter returns the login that stands, or comes to stand, and counts the caller among its users until it leaves.
func (c *Client) enter(ctx context.Context) (*connection, error) {
	for {
		conn, err := c.await(ctx)
		if err != nil || conn.users.enter() {
			return conn, err
		}
	}
}

// with calls f within a login. When f finds the login ended, it is called once more within a new one; f must only read.
func (c *Client) with(ctx context.Context, object string, f func(*connection) error) error {
	for again := false; ; again = true {
		conn, err := c.enter(ctx)
		if err != nil {
			return err
		}
		err = f(conn)
		conn.users.leave()
		if err == nil {
			return nil
		}
		c.learn(ctx, conn, err)
		if again || !loginGone(err) {
			return explain(ctx, err, object, c.config)
		}
	}
}

// learn draws conclusions for the login from the failure of a call.
func (c *Client) learn(ctx context.Context, conn *connection, err error) {
	if loginGone(err) {
		c.state.forget(conn)
		conn.finish()
		return
	}
	if f, _ := methodFault(err); f == nil && ctx.Err() == nil {
		select {
		case c.doubt <- struct{}{}:
		default: // one is enough
		}
	}
}
