package daemon

import (
	"maps"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror"
)

// places say at which site each host stands. Any goroutine may ask; one at a time may look.
type places struct {
	sites    []Site
	switches func() []mirror.Switch // as they are known now
	known    atomic.Pointer[map[string]string]
}

// look looks where the hosts of the switches stand now, and reports whether any stands elsewhere than it did.
func (p *places) look() (changed bool) {
	if len(p.sites) == 0 {
		return false
	}
	now := make(map[string]string)
	for _, sw := range p.switches() {
		for _, h := range sw.Hosts {
			now[h.Name] = p.site(h.Name, h)
		}
	}
	if before := p.known.Load(); before != nil && maps.Equal(now, *before) {
		return false
	}
	p.known.Store(&now)
	return true
}

// of names the site of a host; "": none.
func (p *places) of(host string) string {
	if known := p.known.Load(); known != nil {
		if site, ok := (*known)[host]; ok {
			return site
		}
	}
	return p.site(host, mirror.Host{})
}

// site names the first site that a host of this name stands at; "": none.
func (p *places) site(host string, known mirror.Host) string {
	for _, s := range p.sites {
		if s.has(host, known) {
			return s.Name
		}
	}
	return ""
}
