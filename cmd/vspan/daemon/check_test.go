package daemon

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// simulated returns the configuration of a daemon beside a running simulator, with a receiver in memory.
func simulated(t *testing.T, username, password string) Config {
	t.Helper()
	_, c := beside(t, sim.Options{}, username, password)
	return c
}

// beside starts a simulator and returns it with the configuration of a daemon beside it.
func beside(t *testing.T, o sim.Options, username, password string) (*sim.Simulator, Config) {
	t.Helper()
	o.Emit = sim.EmitOff
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	<-s.Ready()
	settings := vcenter.Settings{URL: s.URL().String(), Username: username, Password: vcenter.NewSecret(password), Thumbprint: s.Thumbprint()}
	vc, err := settings.Config("lab")
	if err != nil {
		t.Fatal(err)
	}
	c := Defaults()
	c.Listen, c.VCenters = "127.0.0.1:0", []vcenter.Config{vc}
	c.Receiver = Receiver{Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Source: receive.NewPair(receive.PairOptions{})}
	return s, c
}

func TestCheckSaysWhatIsInTheWay(t *testing.T) {
	for _, c := range []struct {
		name, username, password string
		change                   func(*Config)
		failed, text             string // "" when all is in order
	}{
		{name: "all in order", username: "user", password: "pass"},
		{name: "wrong password", username: "user", password: "wrong", failed: "vcenter:lab", text: "InvalidLogin"},
		{name: "may only look", username: "reader", password: "pass", failed: "switch:DVS0", text: vcenter.Privilege},
		{
			name: "listens to everybody", username: "user", password: "pass",
			change: func(c *Config) { c.Listen = "0.0.0.0:0" }, failed: "api", text: "no access rights",
		},
		{
			name: "receiver broken", username: "user", password: "pass",
			change: func(c *Config) { c.Receiver.Source = &brokenSource{openErr: errNoDevice} }, failed: "receiver", text: "no such device",
		},
		{name: "receiver off", username: "user", password: "pass", change: func(c *Config) { c.Receiver.Off = true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := simulated(t, c.username, c.password)
			if c.change != nil {
				c.change(&config)
			}
			d, err := New(config)
			if err != nil {
				t.Fatal(err)
			}
			names := make(map[string]bool)
			for _, check := range d.Check(t.Context()) {
				names[check.Name] = true
				if check.OK != (check.Name != c.failed) || check.Name == c.failed && !strings.Contains(check.Message, c.text) || check.Message == "" {
					t.Errorf("%s is %v: %s", check.Name, check.OK, check.Message)
				}
			}
			for _, name := range []string{"api", "vcenter:lab", "receiver"} {
				if !names[name] {
					t.Errorf("nothing is said of %s", name)
				}
			}
			if c.failed != "vcenter:lab" && !names["switch:DVS0"] {
				t.Error("nothing is said of the switch")
			}
		})
	}
}
