package evidence

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// silentHosts: of several hosts, one sends nothing although ports on it moved traffic. Where no host sends it is the session that is
// lost.
func (c *hearing) silentHosts(h *heard) {
	for _, host := range c.hostsOf() {
		var lost []string
		delivers := false
		c.on(host, h, func(p *mirror.PlacedSource, s *sourceHistory, v mirror.Verdict) {
			if v.State == mirror.Lost {
				lost = append(lost, label(p))
			} else {
				delivers = delivers || c.direct(p, s)
			}
		})
		if sends := c.lastOf(c.tally, host); len(lost) == 0 || delivers || c.now.Sub(sends) < c.options.Silence || !c.otherDelivers(host, h) {
			continue
		}
		d := mirror.Diagnosis{
			Code: mirror.HostSilent, Severity: mirror.Trouble, Subject: host,
			Message: fmt.Sprintf("%s sends nothing of the session while other hosts do: %s moved traffic and nothing of it arrives; it would send from %s",
				host, named(lost), c.adaptersOf(host)),
			Remedy:  c.pathRemedy(host),
			Figures: []mirror.Figure{count("sources_lost", len(lost), "count")},
		}
		if c.sendsForOthers(host) {
			d.Message += "; packets of other sessions do arrive from it"
			d.Remedy = fmt.Sprintf("the path from %s is open: see whether its copy of the switch's configuration is in step (vCenter: the switch, Hosts), then disable and enable the session", host)
		}
		h.add(d)
	}
}

// otherDelivers reports whether a source on another host is received now.
func (c *hearing) otherDelivers(host string, h *heard) bool {
	delivers := false
	c.each(h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
		if p.Port.Host != "" && p.Port.Host != host && c.direct(p, s) && c.now.Sub(c.lastOf(c.tally, p.Port.Host)) < c.options.Window {
			delivers = true
		}
	})
	return delivers
}

// lastOf is when a host last sent what t counts; zero: never.
func (c *hearing) lastOf(t *tally, host string) (last time.Time) {
	for _, e := range t.exporters.list {
		if e.host == host {
			last = later(last, e.last)
		}
	}
	return last
}

// sendsForOthers reports whether packets of other sessions came from a host lately.
func (c *hearing) sendsForOthers(host string) bool {
	if c.in.View == nil {
		return false
	}
	own := c.addressesOf(host)
	for uid, t := range c.in.View.sessions {
		if uid == c.in.Session.UID {
			continue
		}
		for _, e := range t.exporters.list {
			if c.now.Sub(e.last) < c.options.Window && slices.ContainsFunc(own, func(b netip.Addr) bool { return plain(b) == e.address }) {
				return true
			}
		}
	}
	return false
}

// movesAreTold is how long after a VM has moved that may be seen at the latest: a vCenter that is busy, or far away, tells late.
const movesAreTold = 15 * time.Second

// stoppedAtVMotion: it delivered until its VM moved to another host, and nothing came from there.
func (c *hearing) stoppedAtVMotion(h *heard) {
	c.each(h, func(p *mirror.PlacedSource, s *sourceHistory, v mirror.Verdict) {
		last := later(s.departure.last, later(s.from.direct.at, s.to.direct.at))
		slack := c.options.Grace + c.options.Lag
		before := s.departure.at.Sub(last)
		if v.State != mirror.Lost || s.departure.at.IsZero() || before > max(slack, movesAreTold) || before < -slack {
			return
		}
		to, until := p.Port.Host, "it moved"
		if before > slack {
			until = fmt.Sprintf("%d s before it was seen to have moved", int(before.Seconds()))
		}
		h.add(mirror.Diagnosis{
			Code: mirror.StoppedAtVMotion, Severity: mirror.Trouble, Subject: label(p),
			Message: fmt.Sprintf("%s arrived until %s from %s to %s at %s, and nothing of it arrived since: %s would send it from %s",
				label(p), until, s.departure.from, to, s.departure.at.UTC().Format(time.RFC3339), to, c.adaptersOf(to)),
			Remedy:  c.pathRemedy(to),
			Figures: []mirror.Figure{span("since_move", c.now.Sub(s.departure.at)), span("silent", c.now.Sub(last))},
		})
	})
}

// departure is the last move of a VM to another host after which nothing of it was seen for certain.
type departure struct {
	from string    // host
	at   time.Time // when the move was seen; zero: there was none
	last time.Time // when something of it came before
}

// pathRemedy is what to look at where a host does not get through.
func (c *hearing) pathRemedy(host string) string {
	stack := c.in.Session.Spec.Netstack
	if stack == "" {
		stack = "defaultTcpipStack"
	}
	to := addresses(c.in.Placement.Destinations)
	return fmt.Sprintf("on %s: esxcli network ip route ipv4 list -N %s must hold a route to %s, and esxcli network diag ping --netstack=%s --host=%s must be answered; then see that no firewall on the way drops IP protocol 47 (GRE)",
		host, stack, to, stack, to)
}

// adaptersOf names the vmkernel adapters of a host that may send a mirror: those of the session's TCP/IP stack where it is known.
func (c *hearing) adaptersOf(host string) string {
	var parts []string
	for _, a := range c.sendingAdapters(host) {
		text := fmt.Sprintf("%s %s", a.Device, addresses(a.Addresses))
		if a.MTU > 0 {
			text += fmt.Sprintf(" MTU %d", a.MTU)
		}
		if a.Netstack != "" {
			text += " in " + a.Netstack
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		if list := addresses(c.addressesOf(host)); list != "" {
			return list
		}
		return "no vmkernel address that vCenter knows"
	}
	return named(parts)
}

func (c *hearing) sendingAdapters(host string) []mirror.VMKernelAdapter {
	var all, own []mirror.VMKernelAdapter
	for i := range c.in.Placement.Hosts {
		if c.in.Placement.Hosts[i].Name != host {
			continue
		}
		for _, a := range c.in.Placement.Hosts[i].Adapters {
			if len(a.Addresses) == 0 {
				continue
			}
			all = append(all, a)
			if n := c.in.Session.Spec.Netstack; n != "" && strings.EqualFold(a.Netstack, n) {
				own = append(own, a)
			}
		}
	}
	if len(own) > 0 {
		return own
	}
	return all
}

// senderOf is the vmkernel adapter that a host sends the session from, as its packets show.
func (c *hearing) senderOf(host string) (sender mirror.VMKernelAdapter, ok bool) {
	for _, a := range c.sendingAdapters(host) {
		for _, b := range a.Addresses {
			if e := c.tally.exporters.of(plain(b)); e != nil && c.now.Sub(e.last) < c.options.Window {
				return a, true
			}
		}
	}
	return mirror.VMKernelAdapter{}, false
}

// frozenCounters: frames arrive, and the counters of their ports stand still.
func (c *hearing) frozenCounters(h *heard) {
	for _, host := range c.hostsOf() {
		var names []string
		var frames uint64
		var steady time.Duration
		c.on(host, h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
			if still := c.now.Sub(s.blindSince); c.countersSpeak(p, s) && s.blind >= minBlind && still >= c.options.SlowRefresh && c.direct(p, s) {
				names, frames, steady = append(names, label(p)), frames+s.blind, max(steady, still)
			}
		})
		if len(names) == 0 {
			continue
		}
		h.add(mirror.Diagnosis{
			Code: mirror.CountersFrozen, Severity: mirror.Warning, Subject: host,
			Message: fmt.Sprintf("vCenter's counters of %s on %s have stood still for %s, while %d frames of it arrived", named(names), host, seconds(steady), frames),
			Remedy:  fmt.Sprintf("see in vCenter whether %s answers (its management agents refresh the counters of ports): as long as they stand still, idle and lost cannot be told apart for what is on it", host),
			Figures: []mirror.Figure{span("standing_still", steady), count("frames", frames, "packets"), count("ports", len(names), "count")},
		})
	}
}

// skewedClock: vCenter's clock is far from ours, so that expiry and the times of events are not what they seem.
func (c *hearing) skewedClock(h *heard) {
	skew := c.in.VCenter.Skew
	if skew.Abs() < maxSkew {
		return
	}
	way := "ahead of"
	if skew < 0 {
		way = "behind"
	}
	h.add(mirror.Diagnosis{
		Code: mirror.ClockSkew, Severity: mirror.Warning, Subject: c.in.Placement.Switch.VCenter,
		Message: fmt.Sprintf("vCenter's clock is %s %s this machine's", skew.Abs().Round(time.Second), way),
		Remedy:  "have both follow the same NTP server: the end of a session is a time of day, and so are the times of vCenter's events",
		Figures: []mirror.Figure{span("skew", skew)},
	})
}

// maxSkew is how far two clocks may be apart: asking for vCenter's may be off by seconds.
const maxSkew = 30 * time.Second
