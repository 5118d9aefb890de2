package vcenter

import (
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// startProxied runs a simulator and a fault proxy before it, and a client that knows only the proxy.
func startProxied(t *testing.T, change func(*Config)) (*sim.Simulator, *faultproxy.Proxy, *Client) {
	t.Helper()
	s := startSim(t, sim.Options{})
	p, err := faultproxy.New(faultproxy.Options{Upstream: s.URL(), Thumbprint: s.Thumbprint()})
	if err != nil {
		t.Fatal(err)
	}
	run(t, "proxy", p.Run)
	<-p.Ready()
	config := simConfig(s)
	config.URL, config.Thumbprint = p.URL(), p.Thumbprint()
	if change != nil {
		change(&config)
	}
	return s, p, startClient(t, config)
}

func injectAt(t *testing.T, p *faultproxy.Proxy, r faultproxy.Rule) *faultproxy.Injection {
	t.Helper()
	i, err := p.Inject(r)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// Through a proxy without rules everything is as without it, waits for updates included.
func TestProxyWithoutRules(t *testing.T) {
	t.Parallel()
	s, p, c := startProxied(t, nil)
	sw := observe(t, c)
	woken := watch(t, c, sw.ID)
	still(t, woken)
	if _, err := theirSession(s); err != nil {
		t.Fatal(err)
	}
	wake(t, "a foreign session", woken)
	if h := c.Health(); h.Logins != 1 || p.Calls("Login") != 1 || p.Calls("WaitForUpdatesEx") < 2 {
		t.Errorf("got %+v, calls %v", h, p.CallsByMethod())
	}
}

// When the reply of a change is lost, the error says that the outcome is not known, and the change is not sent again.
func TestReplyOfAChangeIsLost(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faultproxy.Rule{
		"reset":     {Fault: faultproxy.DropReply},
		"cut":       {Fault: faultproxy.CutReply},
		"truncated": {Fault: faultproxy.TruncateReply},
		"too late":  {Fault: faultproxy.DelayReply, Wait: 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, c := startProxied(t, func(config *Config) { config.Timeout = 2 * time.Second })
			sw := observe(t, c)
			rule.Method = "ReconfigureDvs_Task"
			i := injectAt(t, p, rule)
			err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{add(aSession("ours", portOf(t, sw, "web-01").Key))})
			wantFault(t, err, mirror.VCenterUnreachable, "not known", "read the switch again")
			eventually(t, "the change was made", func() bool { return len(s.State().Sessions) == 1 })
			if i.Fired() != 1 {
				t.Errorf("the change was sent %d times", i.Fired())
			}
		})
	}
}

// A read of which any reply is cut short is an error, never a smaller switch.
func TestReadsThatAreCutShort(t *testing.T) {
	t.Parallel()
	_, p, c := startProxied(t, nil)
	want := observe(t, c)
	for _, method := range []string{"RetrievePropertiesEx", "FetchDVPorts", "CreateContainerView"} {
		for _, fault := range []faultproxy.Fault{faultproxy.CutReply, faultproxy.TruncateReply} {
			for _, keep := range []int{1, 300, 0, 1 << 30} {
				// All of them: the keepalive reads too.
				i := injectAt(t, p, faultproxy.Rule{Method: method, Fault: fault, Keep: keep})
				sw, err := c.Observe(t.Context(), want.ID)
				if err == nil && fault == faultproxy.TruncateReply && keep == 1<<30 {
					// All but the last byte, which is the end of a line: nothing is missing.
					if len(sw.Ports) != len(want.Ports) {
						t.Errorf("%s: %d ports of %d", method, len(sw.Ports), len(want.Ports))
					}
				} else if f := wantFault(t, err, mirror.VCenterUnreachable); f.Permanent() || strings.Contains(err.Error(), "<soapenv") {
					t.Errorf("%s, %s: got %v", method, fault, err)
				}
				if i.Fired() == 0 {
					t.Errorf("%s, %s to %d bytes: met nothing", method, fault, keep)
				}
				i.Remove()
			}
		}
	}
}
