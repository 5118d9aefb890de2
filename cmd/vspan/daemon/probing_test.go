package daemon

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestWhenPolicyProbes(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	verdict := func(state mirror.State, reason mirror.Reason, age time.Duration) mirror.Verdict {
		return mirror.Verdict{State: state, Reason: reason, Since: now.Add(-age)}
	}
	for name, c := range map[string]struct {
		verdict mirror.Verdict
		due     time.Duration // from now; 0: it was not probed before
		want    bool
	}{
		"idle for long":          {verdict(mirror.Idle, mirror.SourcePortsIdle, time.Hour), 0, true},
		"idle since a moment":    {verdict(mirror.Idle, mirror.SourcePortsIdle, time.Minute), 0, false},
		"idle, probed a while":   {verdict(mirror.Idle, mirror.SourcePortsIdle, time.Hour), time.Minute, false},
		"idle, due again":        {verdict(mirror.Idle, mirror.SourcePortsIdle, time.Hour), -time.Minute, true},
		"proved, due again":      {verdict(mirror.Delivering, mirror.ProbeSeen, time.Minute), -time.Second, true},
		"missing, due again":     {verdict(mirror.Lost, mirror.ProbeUnseen, time.Minute), -time.Second, true},
		"proved on request":      {verdict(mirror.Delivering, mirror.ProbeSeen, time.Minute), 0, false},
		"delivers":               {verdict(mirror.Delivering, mirror.PacketsSeen, time.Hour), -time.Hour, false},
		"lost without any probe": {verdict(mirror.Lost, mirror.PortsActiveNothingArrived, time.Hour), 0, false},
	} {
		p := &probing{config: Probe{WhenIdle: true, IdleAfter: 10 * time.Minute, Every: 10 * time.Minute}, due: make(map[string]time.Time)}
		if c.due != 0 {
			p.due["u"] = now.Add(c.due)
		}
		if got := p.dueAt("u", c.verdict, now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestProbeLimits(t *testing.T) {
	var l probeLimits
	now := time.Now()
	leave, refused := l.enter("a", now, mostProbes)
	if refused != nil {
		t.Fatal(refused)
	}
	if _, refused := l.enter("a", now, mostProbes); refused == nil {
		t.Error("two at a time of one session")
	}
	if byPolicy, refused := l.enter("p", now, mostByPolicy); refused != nil {
		t.Errorf("by policy beside another one: %v", refused)
	} else if _, refused := l.enter("q", now, mostByPolicy); refused == nil {
		t.Errorf("more than %d at a time, one of them by policy", mostByPolicy)
	} else {
		byPolicy()
	}
	for _, uid := range []string{"b", "c", "d"} {
		if _, refused := l.enter(uid, now, mostProbes); refused != nil {
			t.Errorf("%s: %v", uid, refused)
		}
	}
	if _, refused := l.enter("e", now, mostProbes); refused == nil || refused.After <= 0 {
		t.Errorf("%d at a time", mostProbes+1)
	}
	leave()
	if _, refused := l.enter("a", time.Now(), mostProbes); refused == nil || refused.After <= 0 || refused.After > probePause {
		t.Errorf("again at once: %+v", refused)
	}
	if _, refused := l.enter("a", time.Now().Add(probePause), mostProbes); refused != nil {
		t.Errorf("after the pause: %v", refused)
	}
}

// TestPolicyTellsWhatIsNew: the history has each change of what probes by policy show, and nothing twice.
func TestPolicyTellsWhatIsNew(t *testing.T) {
	p := &probing{config: Probe{Every: 10 * time.Minute}, now: time.Now, due: make(map[string]time.Time), told: make(map[string]mirror.ProbeResult)}
	for i, c := range []struct {
		result mirror.ProbeResult
		want   bool
	}{{mirror.ProbeOpen, true}, {mirror.ProbeOpen, false}, {mirror.ProbeProved, true}, {mirror.ProbeProved, false}, {mirror.ProbeMissing, true}, {mirror.ProbeProved, true}} {
		if got := p.concluded("u", c.result); got != c.want {
			t.Errorf("%d: %s is told: %v, want %v", i, c.result, got, c.want)
		}
	}
	if until := time.Until(p.due["u"]); until <= 0 || until > probeAgain {
		t.Errorf("a session whose probe was missing is looked at again in %v, want %v at most", until, probeAgain)
	}
}

// TestAddressesOf: one of each family, of the adapter itself, or why not and what to do.
func TestAddressesOf(t *testing.T) {
	v4, other, v6 := netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("10.0.0.6"), netip.MustParseAddr("2001:db8::5")
	port := mirror.Port{VMID: "vm-1", MAC: "00:50:56:AA:00:01"}
	guest := func(running bool, mac string) map[string]mirror.Guest {
		return map[string]mirror.Guest{"vm-1": {ToolsRunning: running, Addresses: map[string][]netip.Addr{mac: {v4, other, v6}}}}
	}
	if got, why := addressesOf(guest(true, "00:50:56:aa:00:01"), nil, port); len(got) != 2 || got[0] != v4 || got[1] != v6 || why != "" {
		t.Errorf("%v %s", got, why)
	}
	for want, guests := range map[string]map[string]mirror.Guest{
		"Tools do not run": guest(false, "00:50:56:aa:00:01"), "reports no address": guest(true, "00:50:56:aa:00:02"), "nothing is known": nil,
	} {
		if got, why := addressesOf(guests, nil, port); len(got) > 0 || !strings.Contains(why, want) || !strings.Contains(why, "--address") {
			t.Errorf("%v %q, want %q", got, why, want)
		}
	}
	if _, why := addressesOf(nil, errors.New("away"), port); !strings.Contains(why, "away") {
		t.Errorf("%q", why)
	}
}
