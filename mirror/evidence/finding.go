package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror"
)

// Attribution is what an arrival turned out to be.
type Attribution uint8

// The attributions. Each arrival has one, and Totals counts them.
const (
	IsRefused   Attribution = iota // not a mirror packet, or a broken one
	IsUnclaimed                    // of no session
	IsUnlisted                     // of a session, from an address that is no host's
	IsAmbiguous                    // of one of several sessions, or of none that can be named
	IsConfirmed                    // of one session, from a host of its switch
)

// Whose says whose a packet is.
type Whose struct {
	Attribution Attribution
	// UID is the session's, PortKey the source's, Host the host's that sent it. Only what is confirmed has a UID and a Host, and a
	// PortKey only where one source alone can be meant.
	UID, PortKey, Host string
	// Direction is FromVM or ToVM where PortKey is known, and otherwise Both.
	Direction mirror.Direction
}

// Finding is what a Ledger found one arrival to be.
type Finding struct {
	*Whose
	// Known numbers what a Ledger knows of packets that it need not think about: those with one number come from one exporter, and are
	// the same Whose, ever. 0: it had to think about this one.
	Known uint64
	// Gap is how many sequence numbers were passed over between the packet of its sequence space before it and this one. An estimate:
	// what was passed over may come late.
	Gap uint32
	// Frame is where in the arrival's payload begins what was mirrored, in bytes; 0 of what is refused. Bare says that it is an IP
	// packet, without its Ethernet header.
	Frame int32
	Bare  bool
}

// found is what a Finding of an arrival that was thought about is made of.
type found struct {
	gap   uint32
	frame int32
	bare  bool
}

// recalled makes f what an arrival was found to be that was recalled.
func (f *Finding) recalled(g *glance, m *memo, gap uint32) {
	f.Whose, f.Known, f.Gap, f.Frame, f.Bare = m.whose(), m.known, gap, g.frame, false
}

// weighed makes f what the arrival was found to be that was thought about last.
func (l *Ledger) weighed(f *Finding) {
	f.Whose, f.Known, f.Gap, f.Frame, f.Bare = &l.whose, 0, l.found.gap, l.found.frame, l.found.bare
}

// whose says whose a confirmed packet is.
func (r *row) whose(c *claims, exporter netip.Addr) Whose {
	w := Whose{Attribution: IsConfirmed, UID: r.UID, Host: r.Exporters[exporter], Direction: mirror.Both}
	if c.n == 1 && c.list[0].source != someSource {
		w.PortKey, w.Direction = r.Sources[c.list[0].source].PortKey, c.list[0].direction
	}
	return w
}
