package flow

import (
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror/frame"
)

// clean draws a TCP connection that has nothing wrong with it: closed in either order, with data either way, acknowledged now and then.
func clean(t *rapid.T) *talk {
	k := newTalk()
	k.ts = rapid.Bool().Draw(t, "timestamps")
	k.ends[0] = netip.AddrPortFrom(client.Addr(), rapid.Uint16Range(1024, 65000).Draw(t, "port"))
	k.seq = [2]uint32{rapid.Uint32().Draw(t, "isn"), rapid.Uint32().Draw(t, "other isn")}
	k.step = time.Duration(rapid.Int64Range(1, int64(30*time.Millisecond)).Draw(t, "step"))
	k.handshake()
	for range rapid.IntRange(0, 30).Draw(t, "turns") {
		sender := rapid.IntRange(0, 1).Draw(t, "sender")
		for range rapid.IntRange(1, 6).Draw(t, "segments") {
			k.send(sender, ACK, rapid.IntRange(1, 8000).Draw(t, "bytes"))
			if rapid.Bool().Draw(t, "acknowledged") {
				k.send(1-sender, ACK, 0)
			}
		}
		k.send(1-sender, ACK, 0)
		k.wait(time.Duration(rapid.Int64Range(0, int64(3*time.Second)).Draw(t, "pause")))
	}
	first := rapid.IntRange(0, 1).Draw(t, "closes first")
	return k.send(first, FIN|ACK, 0).send(1-first, ACK, 0).send(1-first, FIN|ACK, 0).send(first, ACK, 0)
}

// dropped loses part of what one mirror sent, and says so as its sequence numbers do.
func dropped(t *rapid.T, all []Packet, percent int) []Packet {
	var kept []Packet
	gap := uint64(0)
	for _, p := range all {
		if rapid.IntRange(1, 100).Draw(t, "drop") <= percent {
			gap++
			continue
		}
		p.Gap, gap = gap, 0
		kept = append(kept, p)
	}
	if gap > 0 { // what the mirror lost last shows by what it sends next
		p := Packet{Time: all[len(all)-1].Time.Add(90 * time.Second), Host: all[0].Host, Source: all[0].Source, Direction: all[0].Direction, Numbered: true, Gap: gap}
		p.Frame = udpFrame(netip.MustParseAddrPort("10.9.9.9:5000"), netip.MustParseAddrPort("10.9.9.8:5000"), 0, nil)
		kept = append(kept, p)
	}
	return kept
}

// What the mirror loses is never blamed on the network, from whichever places a connection is seen.
func TestMirrorLossIsNotTheNetworks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := clean(t)
		percent := rapid.SampledFrom([]int{0, 5, 5, 5, 30}).Draw(t, "percent")
		views := [][]Packet{dropped(t, k.seenAt("esx-a1", "web", 0), percent)}
		if rapid.Bool().Draw(t, "both ends") {
			late := time.Duration(rapid.Int64Range(0, int64(50*time.Millisecond)).Draw(t, "late"))
			views = append(views, dropped(t, delayed(k.seenAt("esx-b1", "db", 1), late), percent))
		}
		all := merged(views...)
		if rapid.Bool().Draw(t, "anonymous") { // nobody says which mirror which packet came from; and its numbers are that one's
			all = at(all, func(p *Packet) { p.Host, p.Source, p.Direction = "", "", 0 })
		}
		tracker := NewTracker(Config{Site: bySite})
		for i := range all {
			tracker.Observe(&all[i])
		}
		for _, after := range []time.Duration{0, time.Second, 10 * time.Second, time.Hour} {
			for _, f := range tracker.Flows(all[len(all)-1].Time.Add(after), nil) {
				if len(f.Problems) > 0 || f.Protocol == frame.ProtocolTCP && f.AToB.Retransmissions+f.BToA.Retransmissions > 0 {
					t.Fatalf("%v later: %+v", after, f)
				}
			}
		}
	})
}
