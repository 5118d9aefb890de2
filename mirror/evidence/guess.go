package evidence

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// GuessKind is what unclaimed traffic may be.
type GuessKind string

// The kinds. What comes first is guessed rather than what comes after it.
const (
	GuessForeign   GuessKind = "foreign_session" // of a session on our switches that is not vspan's
	GuessOrphan    GuessKind = "orphan"          // of one that bears our marker and that no record asks for
	GuessOwn       GuessKind = "own_session"     // of one of ours, which is not expected so
	GuessOld       GuessKind = "old_session"     // of one of ours that is gone
	GuessElsewhere GuessKind = "not_for_us"      // it is not sent to an address of this receiver
	GuessVM        GuessKind = "known_vm"        // what is mirrored is of a VM we know; by whom cannot be told
	GuessHost      GuessKind = "known_host"      // a host of ours sends it, and no session there explains it
	GuessDevice    GuessKind = "other_device"    // who sends it is no host we know
	GuessUnknown   GuessKind = "unknown"         // it cannot be told: no switch was read
)

// Guess is what unclaimed traffic may be, and why. The names are "" where they are not known.
type Guess struct {
	Kind    GuessKind
	Session string   // on the switch, or of ours
	Switch  string   // where that stands
	Host    string   // whose vmkernel address the exporter has
	VMs     []string // whose the inner MACs are
	Why     string   // one sentence for a person
}

// Facts are what a guess is made from.
type Facts struct {
	Owner     string // of our markers
	Receivers []netip.Addr
	Switches  []mirror.Switch // as they were read last
	Sessions  []mirror.Session
	Placed    map[string]mirror.Placement // by UID
	Gone      []Gone                      // newest last
}

// Gone is a session of ours that ended.
type Gone struct {
	Name        string
	At          time.Time
	Expectation Expectation
}

// Guess says what unclaimed traffic may be.
func (f *Facts) Guess(u Unclaimed) Guess {
	g := Guess{Kind: GuessUnknown, Why: "no switch was read yet, so that nothing is known to compare it with"}
	g.Host, g.VMs = f.host(u.Exporter), f.vms(u.MACs)
	for _, look := range []func(Unclaimed, *Guess) bool{f.standing, f.notStanding, f.old, f.elsewhere, f.byVM, f.byHost, f.byDevice} {
		if look(u, &g) {
			break
		}
	}
	return g
}

// candidate is a session on a switch that unclaimed traffic may be of.
type candidate struct {
	on    *mirror.Switch
	vspan *mirror.VSPAN
	mac   bool // what is mirrored is of one of its ports
	host  bool // a host of its switch sends it
}

func (c candidate) weight() int {
	w := 0
	if c.mac {
		w += 2
	}
	if c.host {
		w++
	}
	return w
}

// standing looks for a session on the switches that sends such packets. Where several do, those that more speaks for come first.
func (f *Facts) standing(u Unclaimed, g *Guess) bool {
	var best []candidate
	for i := range f.Switches {
		sw := &f.Switches[i]
		for k := range sw.Sessions {
			v := &sw.Sessions[k]
			if !sends(v, u) {
				continue
			}
			c := candidate{on: sw, vspan: v, mac: ofItsPorts(sw, v, u.MACs), host: hasHost(sw, u.Exporter)}
			if !u.Type.HasSession() && c.weight() == 0 {
				continue // an address alone says too little
			}
			switch {
			case len(best) == 0 || c.weight() > best[0].weight():
				best = []candidate{c}
			case c.weight() == best[0].weight():
				best = append(best, c)
			}
		}
	}
	if len(best) == 0 {
		return false
	}
	f.tell(best, u, g)
	return true
}

func (f *Facts) tell(best []candidate, u Unclaimed, g *Guess) {
	c := best[0]
	kind, whose := f.kindOf(c.vspan)
	g.Kind, g.Session, g.Switch = kind, c.vspan.Name, c.on.Name
	if name := f.nameOf(c.vspan); kind == GuessOwn && name != "" {
		g.Session = name
	}
	clues := []string{fmt.Sprintf("it sends %s to %s", wrapping(u), u.Destination)}
	if c.mac {
		clues = append(clues, "what is inside is of a port it mirrors")
	}
	if c.host {
		clues = append(clues, fmt.Sprintf("%s is a host of that switch", g.Host))
	} else {
		clues = append(clues, fmt.Sprintf("though %s is no vmkernel address of that switch's hosts", u.Exporter))
	}
	g.Why = fmt.Sprintf("session %q on switch %s, key %s, %s: %s", c.vspan.Name, c.on.Name, c.vspan.Key, whose, strings.Join(clues, ", "))
	if len(best) > 1 {
		g.Why += fmt.Sprintf("; %d more sessions fit as well", len(best)-1)
	}
}

// kindOf says whose a session on a switch is.
func (f *Facts) kindOf(v *mirror.VSPAN) (GuessKind, string) {
	m, marked := v.Marker()
	switch {
	case !marked:
		return GuessForeign, "which is not vspan's"
	case m.Owner != f.Owner:
		return GuessForeign, "which is another vspan's, " + m.Owner
	}
	for _, s := range f.Sessions {
		if s.UID == m.UID {
			return GuessOwn, f.unexpected(s)
		}
	}
	return GuessOrphan, "which vspan made and nobody asks for any more"
}

// unexpected says why packets of a session of ours are not recognised as its.
func (f *Facts) unexpected(s mirror.Session) string {
	p := f.Placed[s.UID]
	switch {
	case s.Deleting():
		return "which is ours and is being removed"
	case !p.Applied:
		return "which is ours and does not stand there as asked yet"
	case !s.Spec.Enabled:
		return "which is ours and is to be disabled"
	}
	return "which is ours, and is changed by somebody or not read again yet"
}

func (f *Facts) nameOf(v *mirror.VSPAN) string {
	m, _ := v.Marker()
	for _, s := range f.Sessions {
		if s.UID == m.UID {
			return s.Name
		}
	}
	return ""
}

// notStanding looks for a session of ours that is to send such packets and was not read on a switch yet.
func (f *Facts) notStanding(u Unclaimed, g *Guess) bool {
	for _, s := range f.Sessions {
		if !u.Type.HasSession() || typeOf(s.Spec.Encapsulation.Type) != u.Type || s.ERSPANID != u.ID || s.ERSPANID == 0 {
			continue
		}
		p := f.Placed[s.UID]
		if plain(s.Receiver) != u.Destination && !slices.ContainsFunc(p.Destinations, func(a netip.Addr) bool { return plain(a) == u.Destination }) {
			continue
		}
		g.Kind, g.Session, g.Switch = GuessOwn, s.Name, p.SwitchName
		g.Why = fmt.Sprintf("session %q of ours is to send %s to %s: it is not read on its switch yet, or its sources were not found", s.Name, wrapping(u), u.Destination)
		return true
	}
	return false
}

// old looks for a session of ours that ended: its last packets, or a host that never heard of its end.
func (f *Facts) old(u Unclaimed, g *Guess) bool {
	for _, gone := range slices.Backward(f.Gone) {
		e := &gone.Expectation
		if e.Type != u.Type || u.Type.HasSession() && e.ID != u.ID || !slices.Contains(e.Destinations, u.Destination) {
			continue
		}
		mac := slices.ContainsFunc(e.Sources, func(s ExpectedSource) bool { return slices.Contains(u.MACs, s.MAC) })
		if _, host := e.Exporters[u.Exporter]; !mac && !(host && u.Type.HasSession()) {
			continue
		}
		g.Kind, g.Session = GuessOld, gone.Name
		g.Why = fmt.Sprintf("session %q of ours, which ended at %s, sent %s to %s", gone.Name, gone.At.UTC().Format(time.RFC3339), wrapping(u), u.Destination)
		if u.Last.After(gone.At.Add(oldGrace)) {
			g.Why += ": a host still sends it, so look whether it is gone from the switch and whether the host is connected to vCenter"
		}
		return true
	}
	return false
}

// oldGrace is how long after the end of a session its last packets may arrive.
const oldGrace = 30 * time.Second

func (f *Facts) elsewhere(u Unclaimed, g *Guess) bool {
	if len(f.Receivers) == 0 || slices.ContainsFunc(f.Receivers, func(a netip.Addr) bool { return plain(a) == u.Destination }) {
		return false
	}
	g.Kind = GuessElsewhere
	g.Why = fmt.Sprintf("it is sent to %s, which is no address of this receiver: it only comes past here", u.Destination)
	return true
}

func (f *Facts) byVM(u Unclaimed, g *Guess) bool {
	if len(g.VMs) == 0 {
		return false
	}
	g.Kind = GuessVM
	g.Why = fmt.Sprintf("what is inside is of %s, and no session that was read sends %s to %s: a session on a switch vspan may not read, or a mirror in the network",
		strings.Join(g.VMs, ", "), wrapping(u), u.Destination)
	return true
}

func (f *Facts) byHost(u Unclaimed, g *Guess) bool {
	if g.Host == "" {
		return false
	}
	g.Kind = GuessHost
	g.Why = fmt.Sprintf("%s is an address of host %s, and no session that was read sends %s to %s: it was changed just now, or stands on a switch vspan may not read",
		u.Exporter, g.Host, wrapping(u), u.Destination)
	return true
}

func (f *Facts) byDevice(u Unclaimed, g *Guess) bool {
	if len(f.Switches) == 0 {
		return false
	}
	g.Kind = GuessDevice
	g.Why = fmt.Sprintf("%s is no vmkernel address of a host that vspan knows: another device, or a host behind NAT", u.Exporter)
	return true
}

// wrapping is the encapsulation and the id of packets.
func wrapping(u Unclaimed) string {
	if u.Type.HasSession() {
		return fmt.Sprintf("%s id %d", u.Type, u.ID)
	}
	return u.Type.String()
}

// sends reports whether a session on a switch makes such packets.
func sends(v *mirror.VSPAN, u Unclaimed) bool {
	return v.Type == mirror.L3Source && v.Enabled && typeOf(v.Encapsulation) == u.Type && (u.Type == erspan.Bridging || v.ERSPANID == u.ID) &&
		slices.ContainsFunc(v.Destinations, func(a netip.Addr) bool { return plain(a) == u.Destination })
}

// ofItsPorts reports whether one of the MACs is of a port that a session mirrors.
func ofItsPorts(sw *mirror.Switch, v *mirror.VSPAN, macs []frame.MAC) bool {
	keys := v.Ports()
	for i := range sw.Ports {
		p := &sw.Ports[i]
		if _, found := slices.BinarySearch(keys, p.Key); found && hasMAC(p, macs) {
			return true
		}
	}
	return false
}

func hasMAC(p *mirror.Port, macs []frame.MAC) bool {
	if p.MAC == "" {
		return false
	}
	mac, err := frame.ParseMAC(p.MAC)
	return err == nil && slices.Contains(macs, mac)
}

func hasHost(sw *mirror.Switch, a netip.Addr) bool {
	return slices.ContainsFunc(sw.Hosts, func(h mirror.Host) bool { return hasAddress(&h, a) })
}

func hasAddress(h *mirror.Host, a netip.Addr) bool {
	return slices.ContainsFunc(h.Addresses, func(own netip.Addr) bool { return plain(own) == a })
}

// host is the name of the host that has an address.
func (f *Facts) host(a netip.Addr) string {
	for i := range f.Switches {
		for k := range f.Switches[i].Hosts {
			if h := &f.Switches[i].Hosts[k]; hasAddress(h, a) {
				return h.Name
			}
		}
	}
	return ""
}

// vms are the names of the VMs that have the MACs, sorted, each once.
func (f *Facts) vms(macs []frame.MAC) []string {
	if len(macs) == 0 {
		return nil
	}
	var names []string
	for i := range f.Switches {
		for k := range f.Switches[i].Ports {
			if p := &f.Switches[i].Ports[k]; p.VM != "" && hasMAC(p, macs) {
				names = append(names, p.VM)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
