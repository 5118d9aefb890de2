package probe

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/frame"
)

var (
	guest4 = netip.MustParseAddr("10.0.0.5")
	guest6 = netip.MustParseAddr("2001:db8::5")
	guestM = frame.MAC{0x00, 0x50, 0x56, 1, 2, 3}
)

// probes are the packets of each kind with a nonce, as frames.
func probes(n Nonce) map[string][]byte {
	ethernet := func(etherType uint16, packet []byte) []byte {
		return append(frame.Ethernet{Dst: guestM, Src: memoryM, EtherType: etherType}.AppendHeader(nil), packet...)
	}
	echo := func(from, to netip.Addr, protocol uint8) []byte {
		b := appendEcho(nil, to, 7, 1, n.data())
		sealEcho(b, from, to)
		return appendPacket(nil, from, to, protocol, b)
	}
	return map[string][]byte{
		"icmp":   ethernet(frame.EtherTypeIPv4, echo(memory4, guest4, frame.ProtocolICMP)),
		"icmpv6": ethernet(frame.EtherTypeIPv6, echo(memory6, guest6, frame.ProtocolICMPv6)),
		"udp":    ethernet(frame.EtherTypeIPv4, appendPacket(nil, memory4, guest4, frame.ProtocolUDP, appendDatagram(nil, memory4, guest4, memoryPort, n.data()))),
		"arp":    appendWhoHas(nil, memoryM, guestM, memory4, guest4, n),
	}
}

func TestSightFindsWhatIsSent(t *testing.T) {
	for name, b := range probes(Nonce{1, 2, 3}) {
		f, err := frame.Parse(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n, answer, ok := sight(&f); !ok || answer || n != (Nonce{1, 2, 3}) {
			t.Errorf("%s: nonce %x, answer %v, ok %v", name, n, answer, ok)
		}
	}
}

// TestChecksumsAreRight: what bears a right checksum sums up to zero.
func TestChecksumsAreRight(t *testing.T) {
	for name, b := range probes(newNonce()) {
		f, err := frame.Parse(b)
		if err != nil || !f.HasIP {
			continue // ARP has none
		}
		sum := checksum(f.Payload)
		if f.Protocol != frame.ProtocolICMP {
			sum = checksum(pseudoHeader(f.IP.Src, f.IP.Dst, f.Protocol, len(f.Payload)), f.Payload)
		}
		if sum != 0 {
			t.Errorf("%s: the checksum is off by %#x", name, sum)
		}
	}
}

// TestCopiesThatCount: only one of the session's source, from a host that is listed, the way it went.
func TestCopiesThatCount(t *testing.T) {
	n := Nonce{9}
	for name, c := range map[string]struct {
		f    capture.Frame
		want bool
	}{
		"as it should be":          {capture.Frame{PortKey: "7", Host: "esx-01", Direction: mirror.ToVM}, true},
		"a bare IP packet":         {capture.Frame{PortKey: "7", Host: "esx-01", Direction: mirror.ToVM, Bare: true}, true},
		"from no listed host":      {capture.Frame{PortKey: "7", Direction: mirror.ToVM}, false},
		"of another source":        {capture.Frame{PortKey: "8", Host: "esx-01", Direction: mirror.ToVM}, false},
		"of one that is not known": {capture.Frame{Host: "esx-01", Direction: mirror.Both}, false},
		"the wrong way":            {capture.Frame{PortKey: "7", Host: "esx-01", Direction: mirror.FromVM}, false},
	} {
		a := &asking{sent: make(map[Nonce]sent), moved: make(chan struct{}, 1)}
		s := &shot{target: &Target{PortKey: "7"}}
		s.PortKey = "7"
		a.sent[n] = sent{s, time.Now()}
		c.f.Data = probes(n)["icmp"]
		if c.f.Bare {
			c.f.Data = c.f.Data[frame.EthernetLen:]
		}
		if a.see(&c.f); s.ToVM.Seen != c.want || s.FromVM.Seen {
			t.Errorf("%s: %+v", name, s.Probed)
		}
		c.f.Data = probes(Nonce{8})["icmp"]
		if s.ToVM = (mirror.Copy{}); s.ToVM.Seen {
			t.Fatal("not cleared")
		}
		if a.see(&c.f); s.ToVM.Seen {
			t.Errorf("%s: a nonce that was never sent counts", name)
		}
	}
}

func FuzzSight(f *testing.F) {
	for _, b := range probes(Nonce{1}) {
		f.Add(b, false)
		f.Add(b[frame.EthernetLen:], true)
	}
	f.Fuzz(func(t *testing.T, b []byte, bare bool) {
		a := &asking{sent: map[Nonce]sent{{1}: {&shot{target: &Target{}}, time.Now()}}, moved: make(chan struct{}, 1)}
		a.see(&capture.Frame{Data: b, Bare: bare, Host: "h"})
		for _, kinds := range [][3]byte{{echoRequest4, echoReply4, unreachable4}, {echoReply6, echoReply6, echoReply6}} {
			if _, _, ok := sightICMP(b, kinds[0], kinds[1], kinds[2]); ok && len(b) < icmpHeaderLen+len(Nonce{}) {
				t.Errorf("a nonce in %d bytes", len(b))
			}
		}
	})
}
