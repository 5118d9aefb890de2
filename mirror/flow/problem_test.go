package flow

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// bySite takes "esx-a1" to be of site "a".
func bySite(host string) string {
	if len(host) > 4 {
		return host[4:5]
	}
	return ""
}

// merged joins what several places saw in the order of time.
func merged(all ...[]Packet) []Packet {
	joined := slices.Concat(all...)
	slices.SortStableFunc(joined, func(a, b Packet) int { return a.Time.Compare(b.Time) })
	return joined
}

func delayed(all []Packet, d time.Duration) []Packet {
	for i := range all {
		all[i].Time = all[i].Time.Add(d)
	}
	return all
}

func lossy(all []Packet, drop ...int) []Packet {
	var kept []Packet
	for i, p := range all {
		if slices.Contains(drop, i) {
			continue
		}
		if i > 0 && slices.Contains(drop, i-1) {
			p.Gap = 1
		}
		kept = append(kept, p)
	}
	return kept
}

func without(all []Packet, drop ...int) []Packet {
	kept := lossy(all, drop...)
	for i := range kept {
		kept[i].Gap = 0
	}
	return kept
}

func at(all []Packet, change func(*Packet)) []Packet {
	for i := range all {
		change(&all[i])
	}
	return all
}

func unnumbered(p *Packet) { p.Numbered = false }
func undirected(p *Packet) { p.Direction, p.Source = mirror.Both, "uplink" }
func anonymous(p *Packet)  { *p = Packet{Time: p.Time, Frame: p.Frame, Numbered: p.Numbered} }

func TestProblems(t *testing.T) {
	healthy := func() *talk { return newTalk().handshake().request(6).close() }
	vm := func(k *talk) []Packet { return k.seenAt("esx-a1", "web", 0) }
	for _, c := range []struct {
		name     string
		packets  []Packet
		config   Config
		problems string
		doubts   string
	}{
		{name: "healthy", packets: vm(healthy())},
		{name: "healthy, both ends mirrored", packets: merged(vm(healthy()), delayed(healthy().seenAt("esx-b1", "db", 1), 300*time.Microsecond))},
		{name: "healthy, both ends mirrored and late", packets: merged(vm(healthy()), delayed(healthy().seenAt("esx-b1", "db", 1), 90*time.Millisecond))},
		{name: "healthy, everything twice", packets: merged(at(vm(healthy()), anonymous), at(delayed(vm(healthy()), 2500*time.Microsecond), anonymous))},
		{name: "healthy, one direction mirrored", packets: fromOnly(vm(healthy())), config: Config{Direction: mirror.FromVM}},
		{name: "healthy, both ends, from-vm only", packets: merged(fromOnly(vm(healthy())), fromOnly(healthy().seenAt("esx-b1", "db", 1)))},
		{name: "one direction seen of a mirror that never showed the other", packets: fromOnly(vm(healthy())), doubts: "incomplete_termination?one_direction unidirectional?one_direction"},

		{name: "no answer", packets: answering(vm(newTalk().send(0, SYN, 0))), problems: "syn_without_answer"},
		{name: "no answer, not numbered", packets: at(answering(vm(newTalk().send(0, SYN, 0))), unnumbered), doubts: "syn_without_answer?not_numbered"},
		{name: "no answer to three, not numbered", packets: at(answering(vm(repeatedSYN(3))), unnumbered), problems: "syn_without_answer"},
		{name: "refused", packets: vm(newTalk().send(0, SYN, 0).send(1, RST|ACK, 0)), problems: "refused"},
		{name: "not acknowledged", packets: vm(newTalk().send(0, SYN, 0).send(1, SYN|ACK, 0)), problems: "incomplete_handshake"},
		{name: "half open scan", packets: vm(newTalk().send(0, SYN, 0).send(1, SYN|ACK, 0).send(0, RST, 0)), problems: "incomplete_handshake"},
		{name: "answer lost by the mirror", packets: lossy(tail(answering(vm(newTalk().send(0, SYN, 0).send(1, SYN|ACK, 0)))), 2), doubts: "syn_without_answer?mirror_lost"},
		{name: "reset", packets: vm(newTalk().handshake().request(2).send(1, RST|ACK, 0)), problems: "reset"},
		{name: "reset of a connection whose beginning was not seen", packets: vm(newTalk().request(2).send(1, RST|ACK, 0)), problems: "reset"},
		{name: "reset after both closed", packets: vm(healthy().send(0, RST, 0))},
		{name: "closed by one end only", packets: vm(newTalk().handshake().request(2).send(0, FIN|ACK, 0).send(1, ACK, 0)), problems: "incomplete_termination"},
		{name: "closed, then reset", packets: vm(newTalk().handshake().request(2).send(0, FIN|ACK, 0).send(1, RST|ACK, 0)), problems: "incomplete_termination"},

		{name: "a response segment that was never seen", packets: without(vm(healthy()), 6), problems: "sequence_gap"},
		{name: "the last response segment", packets: without(vm(newTalk().handshake().request(5).wait(2*time.Second).send(0, ACK, 0)), 11), problems: "sequence_gap"},
		{name: "a response segment lost by the mirror", packets: lossy(vm(healthy()), 6)},
		{name: "a response segment not seen, not numbered", packets: at(without(vm(healthy()), 6), unnumbered), doubts: "sequence_gap?not_numbered"},
		{name: "a response segment not seen at one of two places", packets: merged(without(vm(healthy()), 6), healthy().seenAt("esx-b1", "db", 1))},
		{name: "sent again", packets: vm(sentAgain(4)), problems: "retransmissions"},
		{name: "sent again, seen at both ends", packets: merged(vm(sentAgain(4)), delayed(sentAgain(4).seenAt("esx-b1", "db", 1), time.Millisecond)), problems: "retransmissions"},
		{name: "lost before the mirror and sent again", packets: vm(lostBefore())},
		{name: "a segment from nowhere", packets: vm(newTalk().handshake().request(2).at(1, ACK, 900_000+(1<<30), 1121, make([]byte, 10)).request(1).close()), problems: "out_of_window"},
		{name: "far beyond the window", packets: vm(newTalk().handshake().request(2).at(1, ACK, 900_000+(20<<20), 1121, make([]byte, 10)).request(1).close()), problems: "out_of_window"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := observed(c.config, tail(c.packets))
			if got := strings.Join(kinds(f.Problems), " "); got != c.problems {
				t.Errorf("problems %q, want %q", got, c.problems)
			}
			if got := strings.Join(kinds(f.Doubts), " "); got != c.doubts {
				t.Errorf("doubts %q, want %q", got, c.doubts)
			}
			for _, p := range f.Problems {
				if len(p.Packets) == 0 || p.Detail == "" {
					t.Errorf("%v without packets or words: %+v", p.Kind, p)
				}
			}
		})
	}
}

// answering puts a packet in front by which the mirror is known to show what the VM is sent.
func answering(all []Packet) []Packet {
	p := all[0]
	p.Direction = mirror.ToVM
	p.Frame = udpFrame(server, client, 0, nil)
	return append([]Packet{p}, all...)
}

func fromOnly(all []Packet) []Packet {
	return slices.DeleteFunc(all, func(p Packet) bool { return p.Direction != mirror.FromVM })
}

func repeatedSYN(n int) *talk {
	k := newTalk()
	for i := range n {
		k.at(0, SYN, 1000, 0, nil).wait(time.Second << i)
	}
	return k
}

// sentAgain is a connection with so many segments sent twice.
func sentAgain(n int) *talk {
	k := newTalk().handshake().request(2)
	for range n {
		seq := k.seq[1]
		k.send(1, ACK, 1400).wait(250*time.Millisecond).at(1, ACK, seq, k.seq[0], make([]byte, 1400)).send(0, ACK, 0)
	}
	return k.close()
}

// lostBefore is a connection of which one segment was lost on its way to the mirror, and was sent again.
func lostBefore() *talk {
	k := newTalk().handshake()
	k.send(0, PSH|ACK, 120)
	lost := k.seq[1]
	k.seq[1] += 1400
	k.send(1, ACK, 1400).at(0, ACK, k.seq[0], lost, nil).send(1, ACK, 1400).at(0, ACK, k.seq[0], lost, nil)
	k.wait(50*time.Millisecond).at(1, ACK, lost, k.seq[0], make([]byte, 1400)).send(0, ACK, 0)
	return k.close()
}
