package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// comparison puts what has to arrive beside what does.
func (p Page) comparison(d *document) {
	d.head("Expected, and seen")
	x := p.Evidence.Expected
	if x == nil {
		d.say("Nothing of it is to arrive here.")
		return
	}
	last, doubtful := p.Evidence.LastPackets, p.Evidence.DoubtfulPackets
	t := newTable("WHAT", "EXPECTED", "SEEN IN THE PACKETS THAT WERE KEPT")
	t.row("encapsulation", wrapped(x.Encapsulation, x.ERSPANID), tally(last, doubtful, func(s wire.PacketSeen) string { return wrapped(s.Encapsulation, s.ERSPANID) }))
	t.row("sent to", strings.Join(x.Receivers, ", "), tally(last, doubtful, func(s wire.PacketSeen) string { return s.Receiver }))
	t.row("sent by", "a vmkernel address of a host", tally(last, doubtful, func(s wire.PacketSeen) string { return strings.TrimSpace(s.Exporter + " " + s.Host) }))
	for _, s := range x.Sources {
		expected := fmt.Sprintf("%s, %s, on %s", cmp.Or(s.MAC, "MAC not known"), s.Direction, cmp.Or(s.Host, "no host"))
		t.row(s.VM+" port "+s.PortKey, expected, tally(ofPort(last, s.PortKey), nil, func(s wire.PacketSeen) string { return s.Direction }))
	}
	if x.SnapLength > 0 {
		t.row("cut to", fmt.Sprintf("%d bytes of each frame", x.SnapLength), tally(last, nil, cutness))
	}
	if x.Sampling > 1 {
		t.row("sampling", fmt.Sprintf("one of %d packets", x.Sampling), "cannot be seen in a packet")
	}
	if x.Netstack != "" {
		t.row("netstack", x.Netstack, "cannot be seen in a packet")
	}
	d.add(t, "")
}

func cutness(s wire.PacketSeen) string {
	if s.Inner != nil && s.Inner.Cut {
		return "cut"
	}
	return "whole"
}

func ofPort(packets []wire.PacketSeen, key string) []wire.PacketSeen {
	return slices.DeleteFunc(slices.Clone(packets), func(s wire.PacketSeen) bool { return s.PortKey != key })
}

// tally counts what packets say, the session's and those that prove nothing.
func tally(packets, doubtful []wire.PacketSeen, says func(wire.PacketSeen) string) string {
	counts := make(map[string]int)
	for _, s := range packets {
		counts[says(s)]++
	}
	words := counted(counts, "")
	counts = make(map[string]int)
	for _, s := range doubtful {
		counts[says(s)+" ("+s.Attribution]++
	}
	words = append(words, counted(counts, ", proves nothing)")...)
	return cmp.Or(strings.Join(words, "; "), "nothing")
}

// counted says how many there are of what.
func counted(counts map[string]int, after string) (words []string) {
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		words = append(words, fmt.Sprintf("%d \u00d7 %s%s", counts[what], what, after))
	}
	return words
}

func wrapped(encapsulation string, id int) string {
	if encapsulation == "erspan2" || encapsulation == "erspan3" {
		return fmt.Sprintf("%s id %d", encapsulation, id)
	}
	return cmp.Or(encapsulation, "unreadable")
}

// hosts are the addresses that may send, and what they sent.
func (p Page) hosts(d *document) {
	d.head("Hosts, by the addresses that may send")
	t := newTable("HOST", "VMKERNEL", "ADDRESS", "MTU", "PACKETS", "LAST PACKET")
	sent := make(map[string]wire.HostEvidence)
	for _, h := range p.Evidence.Evidence.Hosts {
		sent[h.Address] = h
	}
	if x := p.Evidence.Expected; x != nil {
		sends := make(map[string]bool) // by another address than the one that is looked at
		for _, e := range x.Exporters {
			sends[e.Host] = sends[e.Host] || sent[e.Address].Packets > 0
		}
		for _, e := range x.Exporters {
			h := sent[e.Address]
			delete(sent, e.Address)
			name, device, mtu, last := e.Host, e.Device, "", p.ago(h)
			if !e.Connected {
				name += " (disconnected)"
			}
			if e.Netstack != "" && e.Netstack != doctor.DefaultStack { // which goes without saying
				device += " " + e.Netstack
			}
			if e.MTU > 0 {
				mtu = strconv.Itoa(e.MTU)
			}
			if h.Packets == 0 {
				last = never(x, e.Host, sends[e.Host])
			}
			t.row(name, device, e.Address, mtu, strconv.FormatUint(h.Packets, 10), last)
		}
	}
	for _, address := range slices.Sorted(maps.Keys(sent)) {
		h := sent[address]
		t.row(cmp.Or(h.Host, "no host of the switch"), "unlisted", address, "", strconv.FormatUint(h.Packets, 10), p.ago(h))
	}
	d.add(t, "None is known.")
}

// never says why nothing may have to come from an address of a host.
func never(x *wire.Expected, host string, sends bool) string {
	switch {
	case sends:
		return "never: another sends"
	case !slices.ContainsFunc(x.Sources, func(s wire.ExpectedSource) bool { return s.Host == host }):
		return "never: has no source"
	}
	return "never"
}

func (p Page) ago(h wire.HostEvidence) string {
	if h.LastPacketAt.IsZero() {
		return "never"
	}
	return span(p.now().Sub(h.LastPacketAt)) + " ago"
}

// packetsShown is how many of the last packets are shown.
const packetsShown = 12

func (p Page) packets(d *document) {
	d.head("Last packets")
	showPackets(d, p.Evidence.LastPackets, "None was kept.")
	if len(p.Evidence.DoubtfulPackets) > 0 {
		d.head("Last packets that look like it and prove nothing")
		showPackets(d, p.Evidence.DoubtfulPackets, "")
	}
}

// showPackets shows the newest packets; what all of them have in common is said once.
func showPackets(d *document, packets []wire.PacketSeen, none string) {
	packets = packets[max(len(packets)-packetsShown, 0):]
	columns := []struct {
		head, common string
		of           func(wire.PacketSeen) string
	}{
		{"TIME", "", func(s wire.PacketSeen) string { return s.At.UTC().Format("15:04:05.000") }},
		{"SENDER", "from", func(s wire.PacketSeen) string { return s.Exporter }},
		{"WRAPPED", "as", func(s wire.PacketSeen) string { return wrapped(s.Encapsulation, s.ERSPANID) }},
		{"SEQUENCE", "", sequence},
		{"WAY", "", way},
		{"INSIDE", "", inside},
	}
	t, all := newTable(), "All"
	rows := make([][]string, len(packets))
	for _, c := range columns {
		seen := make(map[string]bool)
		for _, s := range packets {
			seen[c.of(s)] = true
		}
		if c.common != "" && len(seen) == 1 {
			all += " " + c.common + " " + c.of(packets[0])
			continue
		}
		t.columns = append(t.columns, c.head)
		for i, s := range packets {
			rows[i] = append(rows[i], c.of(s))
		}
	}
	if all != "All" {
		d.say(all + ".")
	}
	t.rows = rows
	d.add(t, none)
}

func sequence(s wire.PacketSeen) string {
	if s.Sequence == nil {
		return "none"
	}
	return strconv.FormatUint(uint64(*s.Sequence), 10)
}

func way(s wire.PacketSeen) string {
	if s.Attribution != "confirmed" {
		return s.Attribution
	}
	return s.Direction
}

func inside(s wire.PacketSeen) string {
	in := s.Inner
	if in == nil {
		return cmp.Or(s.Refused, "not read")
	}
	words := []string{cmp.Or(in.Protocol, in.EtherType)}
	if in.Source != "" {
		words = append(words, in.Source, ">", in.Destination)
	} else {
		words = append(words, in.SourceMAC, ">", in.DestinationMAC)
	}
	if in.TCPFlags != "" {
		words = append(words, in.TCPFlags)
	}
	if in.VLAN != nil {
		words = append(words, fmt.Sprintf("vlan %d", *in.VLAN))
	}
	words = append(words, fmt.Sprintf("%d B", in.Length))
	if in.Cut {
		words = append(words, "cut")
	}
	if s.Fragments > 1 {
		words = append(words, fmt.Sprintf("%d fragments", s.Fragments))
	}
	return strings.Join(words, " ")
}

// bytes shows the first bytes as they came.
func (p Page) bytes(d *document) {
	if len(p.Evidence.FirstPackets) == 0 {
		return
	}
	d.head("First bytes of each sender")
	d.say("From the GRE header on. Behind the headers they are shown on request alone (--bytes).")
	var lines []string
	for _, f := range p.Evidence.FirstPackets {
		lines = append(lines, fmt.Sprintf("%s %s to %s, %d bytes long; its headers are the first %d", f.Packet.At.UTC().Format("15:04:05.000"), f.Packet.Exporter, f.Packet.Receiver, f.Packet.Length, f.HeaderBytes))
		lines = append(lines, dump(f.Bytes)...)
	}
	d.show(lines...)
}

// dump breaks hexadecimal digits into lines of 32 bytes.
func dump(digits string) []string {
	var lines []string
	for at := 0; at < len(digits); at += 64 {
		row := digits[at:min(at+64, len(digits))]
		var b strings.Builder
		fmt.Fprintf(&b, "%04x ", at/2)
		for i := 0; i < len(row); i += 8 {
			b.WriteString(" " + row[i:min(i+8, len(row))])
		}
		lines = append(lines, b.String())
	}
	return lines
}
