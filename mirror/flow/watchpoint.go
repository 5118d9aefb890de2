package flow

import (
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// Watchpoint is a place that packets were seen at.
type Watchpoint struct {
	Host      string // of the ESXi host, or the exporter's address when its name is not known
	Exporter  netip.Addr
	Site      string // "": none
	Source    string
	Direction mirror.Direction // Both: not known
}

type watchpoint struct {
	Watchpoint
	site   uint8 // 0: none
	stream uint16
	// other is the watchpoint of the same source for the other direction, plus one; 0: none was seen yet.
	other uint16
}

// complements reports whether a mirror that shows one direction of a conversation at w shows the other at o, or may.
func (w *watchpoint) complements(o *watchpoint) bool {
	return w.Direction == mirror.Both || o.Direction == mirror.Both || w.Direction != o.Direction
}

// Spot is a place of one Tracker, as every packet that is seen there needs it.
type Spot struct {
	// Numbered says that the mirror's packets bear usable sequence numbers: see Packet.
	Numbered bool
	site     uint8
	point    uint16 // the number of the watchpoint; 0 stands for all that are too many
	stream   *stream
}

// Place is where a packet was seen: see Packet.
type Place struct {
	Host      string
	Exporter  netip.Addr
	Source    string
	Direction mirror.Direction
}

// Spot returns a place, for the digests of packets that are seen there from now on.
func (t *Tracker) Spot(p Place, now int64) Spot {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.points.spots[t.points.number(p, now)]
}

// Moved reports whether a host that packets were seen at now stands at another site than when they were first, because somebody has said
// so: a host that was not known, or not rightly. What firewalls would have done was judged by where it stood.
func (t *Tracker) Moved() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.points.siteOf != nil && slices.ContainsFunc(t.points.list[1:], func(w watchpoint) bool {
		return w.Host != "" && t.points.siteOf(w.Host) != w.Site
	})
}

// recentPoints are the places of the newest packets.
type recentPoints struct {
	list [8]struct {
		place Place
		point uint16
	}
	next int
}

// pointOf is the number of the place that p was seen at.
func (t *Tracker) pointOf(p *Packet) uint16 {
	place := Place{Host: p.Host, Exporter: p.Exporter, Source: p.Source, Direction: p.Direction}
	r := &t.recent
	for i := range r.list {
		if r.list[i].point != 0 && r.list[i].place == place {
			return r.list[i].point
		}
	}
	n := t.points.number(place, p.Time.UnixNano())
	r.list[r.next%len(r.list)].place, r.list[r.next%len(r.list)].point = place, n
	r.next++
	return n
}

// stream is the mirror of one host: whose losses concern whatever it shows.
type stream struct {
	lost       uint64
	last       int64 // ns: its newest packet
	unnumbered int64 // ns: its newest packet without a sequence number; 0: all have one
}

type watchpointKey struct {
	host, source string
	exporter     netip.Addr
	direction    mirror.Direction
}

type streamKey struct {
	host     string
	exporter netip.Addr
}

// watchpoints numbers the places and the mirrors that packets come from. Number 0 of each stands for all that are too many.
type watchpoints struct {
	list    []watchpoint
	spots   []Spot // the same, as far as every packet needs it
	streams []*stream
	sites   []string

	byKey    map[watchpointKey]uint16
	byHost   map[streamKey]uint16
	bySite   map[string]uint8
	siteOf   func(string) string
	overflow uint64
}

func newWatchpoints(siteOf func(string) string) watchpoints {
	nowhere := new(stream)
	return watchpoints{
		list: make([]watchpoint, 1), spots: []Spot{{stream: nowhere}}, streams: []*stream{nowhere}, sites: make([]string, 1),
		byKey: map[watchpointKey]uint16{}, byHost: map[streamKey]uint16{}, bySite: map[string]uint8{}, siteOf: siteOf,
	}
}

// number is the number of a place.
func (ws *watchpoints) number(p Place, now int64) uint16 {
	k := watchpointKey{host: p.Host, source: p.Source, exporter: p.Exporter, direction: p.Direction}
	if n, ok := ws.byKey[k]; ok {
		return n
	}
	if len(ws.list) == maxWatchpoints {
		ws.overflow++
		return 0
	}
	w := watchpoint{
		Watchpoint: Watchpoint{Host: p.Host, Exporter: p.Exporter, Source: p.Source, Direction: p.Direction},
		stream:     ws.stream(p, now),
	}
	if w.Host == "" && p.Exporter.IsValid() {
		w.Host = p.Exporter.String()
	}
	w.site = ws.site(w.Host)
	w.Site = ws.sites[w.site]
	n := uint16(len(ws.list))
	if p.Direction != mirror.Both {
		k.direction = mirror.FromVM + mirror.ToVM - p.Direction
		if o, ok := ws.byKey[k]; ok {
			w.other = o + 1
			ws.list[o].other = n + 1
		}
		k.direction = p.Direction
	}
	ws.list = append(ws.list, w)
	ws.spots = append(ws.spots, Spot{site: w.site, point: n, stream: ws.streams[w.stream]})
	ws.byKey[k] = n
	return n
}

// stream is the number of the mirror that shows a place.
func (ws *watchpoints) stream(p Place, now int64) uint16 {
	k := streamKey{p.Host, p.Exporter}
	n, ok := ws.byHost[k]
	if ok || len(ws.streams) == maxWatchpoints {
		return n
	}
	n = uint16(len(ws.streams))
	ws.streams = append(ws.streams, &stream{last: now})
	ws.byHost[k] = n
	return n
}

// copyStreams are the streams as they are now.
func (ws *watchpoints) copyStreams() []stream {
	all := make([]stream, len(ws.streams))
	for i, m := range ws.streams {
		all[i] = *m
	}
	return all
}

func (ws *watchpoints) site(host string) uint8 {
	if ws.siteOf == nil || host == "" {
		return 0
	}
	name := ws.siteOf(host)
	n, ok := ws.bySite[name]
	if ok || name == "" || len(ws.sites) > maxSites {
		return n
	}
	n = uint8(len(ws.sites))
	ws.sites = append(ws.sites, name)
	ws.bySite[name] = n
	return n
}
