package faultproxy

import (
	"maps"
	"sync"
)

// Other is under which calls are counted that have no method, and those of the methods beyond the first maxMethods.
const Other = "other"

// maxMethods bounds what clients can make the proxy remember; the daemon uses about 20.
const maxMethods = 256

// calls counts requests by method.
type calls struct {
	mu    sync.Mutex
	total int
	by    map[string]int
}

func (c *calls) add(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[string]int)
	}
	if _, known := c.by[method]; method == "" || !known && len(c.by) >= maxMethods {
		method = Other
	}
	c.by[method]++
	c.total++
}

// Calls is how many requests for a method came, whatever became of them; "" is all of them.
func (p *Proxy) Calls(method string) int {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	if method == "" {
		return p.calls.total
	}
	return p.calls.by[method]
}

// CallsByMethod is how many requests came, by method, whatever became of them.
func (p *Proxy) CallsByMethod() map[string]int {
	p.calls.mu.Lock()
	defer p.calls.mu.Unlock()
	return maps.Clone(p.calls.by)
}
