package doctor

import (
	"net/netip"
	"slices"
)

// answer is what a route lookup came to.
type answer uint8

const (
	unsaid    answer = iota // vCenter does not say enough
	found                   // by adapter
	noAdapter               // the stack has no adapter with an address
	noRoute                 // none of its routes leads there
)

// way is how a host sends to an address.
type way struct {
	adapter Adapter
	gateway netip.Addr // the zero Addr: it is on the adapter's own network
}

// lookUp finds the adapter that sends to an address in a TCP/IP stack: by the longest prefix among its adapters' networks and its
// routes, as ESXi does.
func (h Host) lookUp(stack string, to netip.Addr) (way, answer) {
	if !h.Told {
		return way{}, unsaid
	}
	stack = h.key(stack)
	adapters := h.in(stack, to.Is4())
	if len(adapters) == 0 {
		return way{}, noAdapter
	}
	best, w := -1, way{}
	offer := func(bits int, candidate way) {
		if bits > best {
			best, w = bits, candidate
		}
	}
	for _, a := range adapters {
		for _, p := range a.Prefixes {
			if p.Contains(to) {
				offer(p.Bits(), way{adapter: a})
			}
		}
	}
	routes, said := h.routes(stack, adapters)
	for _, r := range routes {
		if a, ok := r.by(adapters); ok && r.To.Contains(to) {
			offer(r.To.Bits(), way{a, r.Gateway})
		}
	}
	switch {
	case best >= 0:
		return w, found
	case !said:
		return way{}, unsaid
	default:
		return way{}, noRoute
	}
}

// key is the key of the stack that a session's netstack means. vSphere's reference calls it a name, and the keys of stacks that are
// made by hand are their names as far as is known: either is taken.
func (h Host) key(netstack string) string {
	for _, s := range h.Stacks {
		if s.Key != netstack && s.Name == netstack && !slices.ContainsFunc(h.Stacks, func(o Stack) bool { return o.Key == netstack }) {
			return s.Key
		}
	}
	return netstack
}

// in returns the adapters of a stack that have an address of the family.
func (h Host) in(stack string, v4 bool) []Adapter {
	var list []Adapter
	for _, a := range h.Adapters {
		if a.Stack == stack && slices.ContainsFunc(a.Prefixes, func(p netip.Prefix) bool { return p.Addr().Is4() == v4 && !p.Addr().IsLinkLocalUnicast() }) {
			list = append(list, a)
		}
	}
	return list
}

// routes returns the routes of a stack with the default gateways of its adapters; said is false when vCenter shows no routes of it.
func (h Host) routes(stack string, adapters []Adapter) (routes []Route, said bool) {
	for _, s := range h.Stacks {
		if s.Key == stack {
			routes, said = append(routes, s.Routes...), true
		}
	}
	for _, a := range adapters {
		if a.Gateway.IsValid() {
			routes = append(routes, Route{To: netip.PrefixFrom(zeroOf(a.Gateway), 0), Gateway: a.Gateway, Device: a.Device})
		}
	}
	return routes, said
}

// by finds the adapter that a route leads out by.
func (r Route) by(adapters []Adapter) (Adapter, bool) {
	for _, a := range adapters {
		onLink := r.Gateway.IsValid() && slices.ContainsFunc(a.Prefixes, func(p netip.Prefix) bool { return p.Contains(r.Gateway) })
		if r.Device == a.Device || r.Device == "" && onLink {
			return a, true
		}
	}
	return Adapter{}, false
}

// zeroOf is the unspecified address of a's family.
func zeroOf(a netip.Addr) netip.Addr {
	if a.Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}
