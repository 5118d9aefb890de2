package faultproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Every fault does what it says, once, to the one method, and says how often.
func TestFaults(t *testing.T) {
	const method = "ReconfigureDvs_Task"
	whole := "you said " + envelope(method)
	cut := func(t *testing.T, _ answered, err error) {
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a connection that was reset", err)
		}
	}
	for name, c := range map[string]struct {
		rule    Rule
		carried int64 // calls that the upstream carries out
		want    func(*testing.T, answered, error)
	}{
		"reset":      {Rule{Fault: Reset}, 0, cut},
		"drop reply": {Rule{Fault: DropReply}, 1, cut},
		"status": {Rule{Fault: Status, Status: http.StatusServiceUnavailable}, 0, func(t *testing.T, got answered, err error) {
			if err != nil || got.status != http.StatusServiceUnavailable {
				t.Errorf("got %v, %+v", err, got)
			}
		}},
		"cut reply": {Rule{Fault: CutReply, Keep: 20}, 1, func(t *testing.T, got answered, err error) {
			if err != nil || got.length != int64(len(whole)) || got.body != whole[:20] || !errors.Is(got.reading, io.ErrUnexpectedEOF) {
				t.Errorf("got %v, %+v", err, got)
			}
		}},
		"truncate reply": {Rule{Fault: TruncateReply, Keep: 20}, 1, func(t *testing.T, got answered, err error) {
			if err != nil || got.length != 20 || got.body != whole[:20] || got.reading != nil {
				t.Errorf("got %v, %+v", err, got)
			}
		}},
		"truncate to a half": {Rule{Fault: TruncateReply}, 1, func(t *testing.T, got answered, err error) {
			if err != nil || got.body != whole[:len(whole)/2] || got.reading != nil {
				t.Errorf("got %v, %+v", err, got)
			}
		}},
		"cut to all but one": {Rule{Fault: CutReply, Keep: 1 << 20}, 1, func(t *testing.T, got answered, err error) {
			if err != nil || got.body != whole[:len(whole)-1] || !errors.Is(got.reading, io.ErrUnexpectedEOF) {
				t.Errorf("got %v, %+v", err, got)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := newUpstream(t)
			p, client := before(t, u)
			client.whole(method) // so that what follows comes by a connection that was used before
			c.rule.Method, c.rule.Count = method, 1
			i := client.inject(c.rule)
			client.whole("GetCurrentTime")
			got, err := client.call(t.Context(), method)
			c.want(t, got, err)
			if carried := u.served.Load() - 2; carried != c.carried {
				t.Errorf("carried out %d times, want %d", carried, c.carried)
			}
			client.whole(method)
			if i.Fired() != 1 || p.Calls(method) != 3 || p.Calls("") != 4 || p.CallsByMethod()["GetCurrentTime"] != 1 {
				t.Errorf("fired %d times, calls %v", i.Fired(), p.CallsByMethod())
			}
		})
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	_, c := before(t, u)
	const wait = 50 * time.Millisecond
	for _, fault := range []Fault{DelayRequest, DelayReply} {
		i := c.inject(Rule{Fault: fault, Wait: wait})
		began := time.Now()
		c.whole("Login")
		if took := time.Since(began); took < wait || i.Fired() != 1 {
			t.Errorf("%s: took %v, fired %d times", fault, took, i.Fired())
		}
	}
	began := time.Now()
	c.whole("Login") // both of them
	if took := time.Since(began); took < 2*wait {
		t.Errorf("both: took %v", took)
	}
}

// giveUp makes a call and gives it up as soon as it has reached the proxy.
func (c *client) giveUp(method string) error {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	before := c.p.Calls(method)
	ended := make(chan error, 1)
	go func() {
		_, err := c.call(ctx, method)
		ended <- err
	}()
	eventually(c.t, "the call reaches the proxy", func() bool { return c.p.Calls(method) > before })
	cancel()
	return <-ended
}

// A call that is delayed arrives, although nobody waits for its answer any more.
func TestDelayedRequestArrivesLate(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	_, c := before(t, u)
	c.inject(Rule{Fault: DelayRequest, Wait: 500 * time.Millisecond})
	if err := c.giveUp("ReconfigureDvs_Task"); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	eventually(t, "the call arrives", func() bool { return u.served.Load() == 1 })
}

func TestStallLastsUntilTheClientGivesUp(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	_, c := before(t, u)
	i := c.inject(Rule{Fault: Stall, Count: 1})
	if err := c.giveUp("Login"); !errors.Is(err, context.Canceled) || i.Fired() != 1 || u.served.Load() != 0 {
		t.Errorf("got %v, fired %d times, %d calls carried out", err, i.Fired(), u.served.Load())
	}
	c.whole("Login")
}

func TestDownAndUp(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	p, c := before(t, u)
	c.whole("Login")
	url := p.URL().String()
	waiting := make(chan error, 1)
	go func() {
		_, err := c.call(t.Context(), "WaitForUpdatesEx")
		waiting <- err
	}()
	eventually(t, "it waits", func() bool { return p.Calls("WaitForUpdatesEx") == 1 })
	p.Down()
	if err := <-waiting; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a call under way ended with %v", err)
	}
	for range 3 {
		if _, err := c.call(t.Context(), "Login"); err == nil {
			t.Fatal("a call went through while it was down")
		}
	}
	p.Up()
	c.whole("Login")
	p.Cut()
	c.whole("Login")
	if got := p.URL().String(); got != url || p.Calls("Login") != 3 {
		t.Errorf("came back at %s, was at %s; calls %v", got, url, p.CallsByMethod())
	}
}

// A long poll is held as long as the upstream holds it, and given up when the client gives up.
func TestLongPoll(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	p, c := before(t, u)
	c.inject(Rule{Method: "Login", Fault: Reset})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.call(ctx, "WaitForUpdatesEx")
		ended <- err
	}()
	eventually(t, "it waits", func() bool { return u.polled.Load() == 1 })
	cancel()
	<-ended
	select {
	case <-u.left:
	case <-time.After(patience):
		t.Fatal("the upstream was not told that the client gave up")
	}
	close(u.long)
	c.whole("WaitForUpdatesEx")
	if p.Calls("WaitForUpdatesEx") != 2 {
		t.Errorf("calls %v", p.CallsByMethod())
	}
}

// What is not SOAP goes through too.
func TestOtherRequests(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	p, c := before(t, u)
	got, err := c.send(t.Context(), http.MethodGet, "/sdk/vimServiceVersions.xml?x=y", "")
	if err != nil || got.body != "you said " {
		t.Errorf("got %v, %+v", err, got)
	}
	if got, err = c.send(t.Context(), http.MethodPut, "/rest/com/vmware/cis/session", "{}"); err != nil || got.header.Get("Asked") != "PUT /rest/com/vmware/cis/session a=b" {
		t.Errorf("got %v, %+v", err, got)
	}
	c.inject(Rule{Method: REST, Fault: Status, Status: 500})
	if got, err = c.send(t.Context(), http.MethodGet, "/api/vcenter/vm", ""); err != nil || got.status != 500 {
		t.Errorf("got %v, %+v", err, got)
	}
	if p.Calls(REST) != 2 || p.Calls(Other) != 1 {
		t.Errorf("calls %v", p.CallsByMethod())
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	p, c := before(t, u)
	got, err := c.send(t.Context(), http.MethodPost, "/sdk", strings.Repeat("x", maxRequest+1))
	if err == nil && got.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a request that is too long: %+v", got)
	}
	for i := range maxMethods + 10 {
		c.p.calls.add(strings.Repeat("m", i+1))
	}
	if n := len(p.CallsByMethod()); n > maxMethods+1 {
		t.Errorf("%d methods are remembered", n)
	}
	if u.served.Load() != 0 {
		t.Errorf("%d calls carried out", u.served.Load())
	}
}

// eventually waits until ok, looking again every few milliseconds: what it waits for happens on the other side of a socket.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
