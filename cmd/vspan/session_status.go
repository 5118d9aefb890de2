package main

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

func printPlacement(p page, s wire.Session) {
	placed := s.Status.Switch
	if placed == nil {
		p.fact("Switch", cmp.Or(s.Spec.Switch, "not placed yet"))
		return
	}
	text := placed.Name
	if placed.SessionKey != "" {
		text += ", session key " + placed.SessionKey
	}
	if placed.ConfigVersion != "" {
		text += ", config version " + placed.ConfigVersion
	}
	p.fact("Switch", text)
}

// printConditions leaves out the verdict's sentence, which the page begins with.
func printConditions(p page, status wire.Status, now time.Time) error {
	if len(status.Conditions) == 0 {
		return p.w.Flush()
	}
	t, err := p.section("CONDITION", "STATUS", "REASON", "FOR", "MESSAGE")
	if err != nil {
		return err
	}
	for _, c := range status.Conditions {
		if c.Message == status.Verdict.Message {
			c.Message = "as the verdict"
		}
		t.row(c.Type, c.Status, c.Reason, span(now.Sub(c.LastTransitionTime)), c.Message)
	}
	return t.flush()
}

func printSources(p page, sources []wire.SourceSeen) error {
	if len(sources) == 0 {
		return nil
	}
	t, err := p.section("SOURCE", "NIC", "MAC", "PORT", "HOST", "STATE", "REASON", "FROM VM", "TO VM")
	if err != nil {
		return err
	}
	for _, s := range sources {
		t.row(s.VM, s.NIC, s.MAC, s.PortKey, s.Host, s.Verdict.State, s.Verdict.Reason, volume(s.FromVM), volume(s.ToVM))
	}
	return t.flush()
}

func volume(v wire.Volume) string { return fmt.Sprintf("%d pkts, %s", v.Packets, size(v.Bytes)) }

func printEvidence(p page, e wire.Evidence, now time.Time) error {
	fmt.Fprintln(p.out)
	p.fact("Received", fmt.Sprintf("%s; now %s packets/s, %s/s", volume(wire.Volume{Packets: e.Packets, Bytes: e.Bytes}), rate(e.PacketsPerSecond), bits(e.BitsPerSecond)))
	if !e.LastPacketAt.IsZero() {
		p.fact("Last packet", span(now.Sub(e.LastPacketAt))+" ago")
	}
	p.fact("Lost", fmt.Sprintf("%d on the way from the hosts, by their sequence numbers (an estimate); %d dropped by this receiver", e.Lost, e.ReceiverDropped))
	if e.NotMirrored != (wire.NotMirrored{}) {
		p.fact("Not mirrored", fmt.Sprintf("about %d packets by sampling, %s cut off by the snap length, as asked", e.NotMirrored.Packets, size(e.NotMirrored.Bytes)))
	}
	p.fact("Sequence", fmt.Sprintf("%d reordered, %d duplicated", e.Reordered, e.Duplicated))
	p.fact("Frames", fmt.Sprintf("%d cut short by the mirror; %d outer fragments put together", e.Truncated, e.Fragments))
	if len(e.Hosts) == 0 {
		return p.w.Flush()
	}
	t, err := p.section("HOST", "ADDRESS", "PACKETS", "LAST PACKET")
	if err != nil {
		return err
	}
	for _, h := range e.Hosts {
		t.row(cmp.Or(h.Host, "no host of the switch"), h.Address, strconv.FormatUint(h.Packets, 10), span(now.Sub(h.LastPacketAt))+" ago")
	}
	return t.flush()
}

// size is a number of bytes for a person.
func size(bytes uint64) string { return scaled(float64(bytes), "B") }

// bits is a number of bits for a person.
func bits(n float64) string { return scaled(n, "bit") }

func scaled(n float64, unit string) string {
	prefixes := []string{"", "k", "M", "G", "T", "P"}
	i := 0
	for n >= 999.5 && i < len(prefixes)-1 {
		n /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f %s", n, unit)
	}
	return fmt.Sprintf("%.3g %s%s", n, prefixes[i], unit)
}
