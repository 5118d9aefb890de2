package flow

import (
	"net/netip"

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
	named  string // Packet.Host as it was given
	site   uint8  // 0: none
	stream uint16
	// other is the watchpoint of the same source for the other direction, plus one; 0: none was seen yet.
	other uint16
}

// is reports whether p was seen at w.
func (w *watchpoint) is(p *Packet) bool {
	return w.Direction == p.Direction && w.Exporter == p.Exporter && w.Source == p.Source && w.named == p.Host
}

// complements reports whether a mirror that shows one direction of a conversation at w shows the other at o, or may.
func (w *watchpoint) complements(o *watchpoint) bool {
	return w.Direction == mirror.Both || o.Direction == mirror.Both || w.Direction != o.Direction
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
	streams []stream
	sites   []string

	byKey    map[watchpointKey]uint16
	byHost   map[streamKey]uint16
	bySite   map[string]uint8
	siteOf   func(string) string
	overflow uint64
}

func newWatchpoints(siteOf func(string) string) watchpoints {
	return watchpoints{
		list: make([]watchpoint, 1), streams: make([]stream, 1), sites: make([]string, 1),
		byKey: map[watchpointKey]uint16{}, byHost: map[streamKey]uint16{}, bySite: map[string]uint8{}, siteOf: siteOf,
	}
}

// number is the number of the place that p was seen at.
func (ws *watchpoints) number(p *Packet) uint16 {
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
		named:      p.Host, stream: ws.stream(p),
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
	ws.byKey[k] = n
	return n
}

// stream is the number of the mirror that p came with.
func (ws *watchpoints) stream(p *Packet) uint16 {
	k := streamKey{p.Host, p.Exporter}
	n, ok := ws.byHost[k]
	if ok || len(ws.streams) == maxWatchpoints {
		return n
	}
	n = uint16(len(ws.streams))
	ws.streams = append(ws.streams, stream{last: p.Time.UnixNano()})
	ws.byHost[k] = n
	return n
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
