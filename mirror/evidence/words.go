package evidence

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// label names a source for a person.
func label(p *mirror.PlacedSource) string {
	switch {
	case p.Port.VM == "":
		return "port " + p.Port.Key
	case p.Port.NIC == "":
		return fmt.Sprintf("%s (port %s)", p.Port.VM, p.Port.Key)
	}
	return fmt.Sprintf("%s (%s, port %s)", p.Port.VM, p.Port.NIC, p.Port.Key)
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%d s", int64(d.Round(time.Second)/time.Second))
}

func amount(v mirror.Volume) string {
	if v.Packets == 0 {
		return fmt.Sprintf("%d bytes", v.Bytes)
	}
	return fmt.Sprintf("%d packets, %d bytes", v.Packets, v.Bytes)
}

func addresses(as []netip.Addr) string {
	names := make([]string, 0, len(as))
	for _, a := range as {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

// meanwhile says what goes on with a session that is left on its switch although it is not as asked.
func (c *hearing) meanwhile(why mirror.Reason) string {
	left := ""
	switch why {
	case mirror.RemovalHeld:
		left = "; it is left on the switch"
	case mirror.DriftReported:
	default:
		return ""
	}
	if c.arriving() {
		left += "; packets of it still arrive"
	}
	return left
}

// wayOf is what a port moved nothing "of".
func wayOf(d mirror.Direction) string {
	if d == mirror.Both {
		return "in either direction"
	}
	return d.String()
}

// vcenterTrouble is since when vCenter cannot be reached, and why.
func (c *hearing) vcenterTrouble() string {
	since := ""
	if t := c.in.VCenter.Since; !t.IsZero() && !t.After(c.now) {
		since = " for " + seconds(c.now.Sub(t))
	}
	return since + because(c.in.VCenter.Reason)
}

// sampled reminds of the sampling that was allowed for.
func (c *hearing) sampled() string {
	if n := c.in.Session.Spec.Sampling; n > 1 {
		return fmt.Sprintf(" (one of %d packets is mirrored)", n)
	}
	return ""
}

// suspect says where to look when nothing arrives.
func (c *hearing) suspect(p *mirror.PlacedSource) string {
	host := p.Port.Host
	if host == "" {
		host = "the VM's host"
	}
	return fmt.Sprintf("look at the path from %s%s to %s for IP protocol 47 (GRE)", host, because(addresses(c.addressesOf(p.Port.Host))), addresses(c.in.Placement.Destinations))
}

func (c *hearing) addressesOf(host string) []netip.Addr {
	for i := range c.in.Placement.Hosts {
		if h := &c.in.Placement.Hosts[i]; h.Name == host {
			return h.Addresses
		}
	}
	return nil
}

// directions says which ways frames of a source came lately.
func (c *hearing) directions(p *mirror.PlacedSource, s *sourceHistory) string {
	from, to := s.from.direct.since(c.windowStart()), s.to.direct.since(c.windowStart())
	switch {
	case from && to:
		return "both directions"
	case p.Direction == mirror.Both && from:
		return "from-vm; none to-vm yet"
	case p.Direction == mirror.Both:
		return "to-vm; none from-vm yet"
	}
	return p.Direction.String()
}

// oddity says what arrives instead of what was asked for.
func (c *hearing) oddity(what string) mirror.Verdict {
	asked := c.in.Session.Spec.Encapsulation.Type.String()
	if o := c.tally.wrongID; o.last.After(c.tally.wrongType.last) {
		return verdict(mirror.Degraded, mirror.WrongERSPANID, "frames of %sarrive from %s with %s id %d, and id %d was asked for: the host sends something else, or another session mirrors the same VM",
			what, c.sender(o.exporter), o.kind, o.id, c.in.Session.ERSPANID)
	}
	o := c.tally.wrongType
	return verdict(mirror.Degraded, mirror.WrongEncapsulation, "frames of %sarrive from %s as %s, and %s was asked for: the host sends something else, or another session mirrors the same VM",
		what, c.sender(o.exporter), o.kind, asked)
}

// sender names an outer source address with its host.
func (c *hearing) sender(a netip.Addr) string {
	for i := range c.in.Placement.Hosts {
		h := &c.in.Placement.Hosts[i]
		if slices.ContainsFunc(h.Addresses, func(b netip.Addr) bool { return plain(b) == a }) {
			return fmt.Sprintf("%s (%s)", h.Name, a)
		}
	}
	return a.String()
}
