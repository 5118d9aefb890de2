package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/vcenter"
)

func TestNewRefusesALifeThatIsNone(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"default expiry is 0s":    func(c *Config) { c.DefaultLife = 0 },
		"default expiry is -1h":   func(c *Config) { c.DefaultLife = -time.Hour },
		"maximum expiry is -1h":   func(c *Config) { c.MaxLife = -time.Hour },
		"maximum expiry is 500ms": func(c *Config) { c.MaxLife = time.Second / 2 },
	} {
		c := Defaults()
		c.VCenters = []vcenter.Config{{Name: "default"}}
		change(&c)
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want that the %s", err, want)
		}
	}
}
