package evidence

import (
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// maxClaims is how many explanations of one packet are weighed. With more of them it is ambiguous anyhow.
const maxClaims = 16

// someSource stands for "one of the session's sources, it cannot be told which".
const someSource = -1

// claim is one explanation of a packet: that it was mirrored for this session, at this source's port, in this direction.
type claim struct {
	row, source int32
	direction   mirror.Direction // FromVM or ToVM
	doubtful    bool             // the direction is a guess
	nameless    bool             // without an ERSPAN id and without a source's MAC: nothing names the session
	here        bool             // the source's VM runs on the host that sent the packet
}

// claims are all explanations of one packet.
type claims struct {
	list [maxClaims]claim
	n    int
	more bool // there were more than maxClaims
}

func (c *claims) all() []claim { return c.list[:c.n] }

func (c *claims) add(x claim) {
	if c.n == maxClaims {
		c.more = true
		return
	}
	c.list[c.n] = x
	c.n++
}

// prefer drops the claims that are not good, unless none is.
func (c *claims) prefer(good func(claim) bool) {
	n := 0
	for _, x := range c.all() {
		if good(x) {
			c.list[n] = x
			n++
		}
	}
	if n > 0 {
		c.n = n
	}
}

// severalSessions reports whether the claims are of more than one session.
func (c *claims) severalSessions() bool {
	for _, x := range c.all() {
		if x.row != c.list[0].row {
			return true
		}
	}
	return c.more
}

// has reports whether a claim is of the session.
func (c *claims) has(row int32) bool {
	return slices.ContainsFunc(c.all(), func(x claim) bool { return x.row == row })
}

// firstOfSession reports whether no claim before the one at i is of the same session.
func (c *claims) firstOfSession(i int) bool {
	for _, x := range c.list[:i] {
		if x.row == c.list[i].row {
			return false
		}
	}
	return true
}

// sighting is what packets that are alike tell about where they belong: one packet, or many that were counted elsewhere, of which only
// the headers are known.
type sighting struct {
	mass
	exporter, destination netip.Addr
	packet                erspan.Packet
	frame                 frame.Frame
	there                 int              // bytes of the frame that were sent
	mark                  mirror.Direction // believed; Both when there is none
	now                   int64            // when it came, Unix time in nanoseconds

	whole     *dated[stream] // everything its exporter sends; nil of one that is no host
	fits      bool           // its number fits in there
	wholeGap  uint64         // and passed over so many
	stream    *dated[stream] // what its exporter sends for its session; nil unless it is numbered
	testimony testimony
}

// hasMACs reports whether the frame came with its Ethernet header.
func (s *sighting) hasMACs() bool { return !s.packet.Header.IPOnly }

// claim collects every explanation of s, and drops those that the exporter, what stands on the switch, what was asked for, the VM's
// host and the direction mark speak against.
func (t *Table) claim(s *sighting, c *claims) {
	if s.packet.Type.HasSession() {
		for _, i := range t.byID[idKey{s.destination, s.packet.Header.SessionID}] {
			if r := &t.rows[i]; r.Type == s.packet.Type {
				r.claim(i, s, c)
			}
		}
	} else {
		t.claimByMAC(s, c)
	}
	if c.n == 0 {
		return
	}
	c.prefer(func(x claim) bool { _, listed := t.rows[x.row].Exporters[s.exporter]; return listed })
	c.prefer(func(x claim) bool { return !t.rows[x.row].Dormant })
	c.prefer(func(x claim) bool { return t.asked(x) })
	c.prefer(func(x claim) bool { return x.here })
	if s.mark != mirror.Both {
		c.prefer(func(x claim) bool { return x.doubtful || x.direction == s.mark })
	}
}

// asked reports whether the source of x is mirrored in the direction of x.
func (t *Table) asked(x claim) bool {
	if x.source == someSource {
		return true
	}
	d := t.rows[x.row].Sources[x.source].Direction
	return d == mirror.Both || d == x.direction
}

// claim collects the explanations of a packet whose ERSPAN id names the session.
func (r *row) claim(index int32, s *sighting, c *claims) {
	before := c.n
	host := r.Exporters[s.exporter]
	if s.hasMACs() {
		for _, i := range r.macs[s.frame.Src] {
			c.add(r.claimOf(index, i, mirror.FromVM, host))
		}
		if s.frame.Dst.IsMulticast() {
			r.claimFlood(index, s, c)
		} else {
			for _, i := range r.macs[s.frame.Dst] {
				c.add(r.claimOf(index, i, mirror.ToVM, host))
			}
		}
	}
	if c.n == before {
		c.add(r.claimStranger(index, s, host))
	}
}

func (r *row) claimOf(index, source int32, d mirror.Direction, host string) claim {
	return claim{row: index, source: source, direction: d, here: host != "" && r.Sources[source].Host == host}
}

// claimFlood adds what a frame to a group address was sent to: every port but the sender's. Where that is one port it is the source.
func (r *row) claimFlood(index int32, s *sighting, c *claims) {
	host := r.Exporters[s.exporter]
	x, n := claim{}, 0
	for _, i := range r.near(host) {
		if src := &r.Sources[i]; src.Direction.HasToVM() && src.MAC != s.frame.Src {
			if x = r.claimOf(index, i, mirror.ToVM, host); n == 1 {
				x.source = someSource
				c.add(x)
				return
			}
			n++
		}
	}
	if n == 1 {
		_, known := r.macs[s.frame.Src]
		x.doubtful = !known // a VM may send from a MAC that is not its adapter's, e.g. VRRP's
		c.add(x)
	}
}

// claimStranger explains a frame of the session that bears no source's MAC: flooded, sent by a VM that routes, bridges or shares an
// address, or without an Ethernet header. The source is certain where there is but one; its direction is to-VM as long as nothing else
// says from-VM, because the inner source is not the VM's.
func (r *row) claimStranger(index int32, s *sighting, host string) claim {
	near := r.near(host)
	if len(near) != 1 {
		return claim{row: index, source: someSource, direction: mirror.ToVM, doubtful: true, here: len(r.byHost[host]) > 0}
	}
	d := mirror.ToVM
	if asked := r.Sources[near[0]].Direction; asked != mirror.Both {
		d = asked
	} else if s.mark != mirror.Both {
		d = s.mark
	}
	x := r.claimOf(index, near[0], d, host)
	x.doubtful = s.mark == mirror.Both
	return x
}

// near are the sources whose VM runs on the host; all of them when none is known to.
func (r *row) near(host string) []int32 {
	if on := r.byHost[host]; host != "" && len(on) > 0 {
		return on
	}
	return r.all
}

// claimByMAC collects the explanations of a packet without an ERSPAN id.
func (t *Table) claimByMAC(s *sighting, c *claims) {
	if !s.hasMACs() {
		return
	}
	t.claimPlaces(s, s.frame.Src, mirror.FromVM, c)
	if !s.frame.Dst.IsMulticast() {
		t.claimPlaces(s, s.frame.Dst, mirror.ToVM, c)
		return
	}
	if s.mark == mirror.FromVM && c.n > 0 {
		return // its sender's port was mirrored, and the sender is known
	}
	for _, i := range t.floods[s.destination] {
		if r := &t.rows[i]; r.Type == s.packet.Type {
			before := c.n
			r.claimFlood(i, s, c)
			for k := before; k < c.n; k++ {
				c.list[k].nameless = true
			}
		}
	}
}

func (t *Table) claimPlaces(s *sighting, mac frame.MAC, d mirror.Direction, c *claims) {
	for _, p := range t.byMAC[macKey{s.destination, mac}] {
		if r := &t.rows[p.row]; r.Type == s.packet.Type {
			c.add(r.claimOf(p.row, p.source, d, r.Exporters[s.exporter]))
		}
	}
}
