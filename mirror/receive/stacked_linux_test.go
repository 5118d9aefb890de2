package receive

import (
	"bytes"
	"net/netip"
	"testing"
)

var hereIP, thereIP = netip.MustParseAddr("10.9.0.1"), netip.MustParseAddr("10.9.0.2")

// broadcast is an Ethernet frame to everyone.
func broadcast(etherType uint16, payload []byte) []byte {
	b := ethernet(etherType, payload)
	copy(b, bytes.Repeat([]byte{0xFF}, 6))
	return b
}

// mirrorTo is an outer IPv4 packet between hosts.
func mirrorTo(payload []byte) []byte { return ipv4(thereIP, hereIP, 47, part{}, payload) }

// What arrives at the port of a bridge is seen there and at the bridge: on all
// interfaces it counts once, and on either of them too.
func TestBridgeCountsOnce(t *testing.T) {
	here, there := newNamespace(t), newNamespace(t)
	veth(t, here, there, "m0")
	here.IP(t, "link add br0 type bridge")
	here.IP(t, "link set m0 master br0")
	here.IP(t, "link set br0 up")
	sinks, rings := map[string]*sink{}, map[string]*Ring{}
	for _, on := range []string{"", "m0", "br0"} {
		rings[on] = NewRing(LiveOptions{Interface: on, Blocks: 4})
		openIn(t, here, rings[on])
		sinks[on] = runIn(t, here, rings[on])
	}
	there.Transmit(t, "m0", broadcast(0x0800, mirrorTo(greOf(100))), broadcast(0x0800, mirrorTo(fence)))
	for on, s := range sinks {
		if got := s.take(fence); len(got) != 1 || !bytes.Equal(got[0].Payload, greOf(100)) {
			t.Errorf("on %q: %d datagrams, want 1", on, len(got))
		}
	}
	if n := rings[""].Counters().AtPorts; n != 2 {
		t.Errorf("%d packets seen at the port, want 2", n)
	}
	if n := rings["m0"].Counters().AtPorts; n != 0 {
		t.Errorf("%d packets left out although their interface was asked for", n)
	}
}

// An interface that is asked for gives all it sees: with one tag or two, and what
// is for others. On all interfaces only what the host itself would take counts.
func TestTagsAndStrangers(t *testing.T) {
	here, there := newNamespace(t), newNamespace(t)
	veth(t, here, there, "m0")
	one := NewRing(LiveOptions{Interface: "m0", Blocks: 4})
	all := NewRing(LiveOptions{Blocks: 4})
	openIn(t, here, one)
	openIn(t, here, all)
	onOne, onAll := runIn(t, here, one), runIn(t, here, all)
	behind := func(tag []byte, n int) []byte { return append(tag, mirrorTo(greOf(n))...) }
	there.Transmit(t, "m0",
		broadcast(0x8100, behind([]byte{0, 5, 8, 0}, 100)),
		broadcast(0x88A8, behind([]byte{0, 5, 0x81, 0, 0x45, 6, 8, 0}, 200)), // the second tag begins like IPv4
		ethernet(0x0800, mirrorTo(greOf(300))),                               // to a hardware address that nobody has
		broadcast(0x0800, mirrorTo(fence)),
	)
	got := onOne.take(fence)
	if len(got) != 3 {
		t.Fatalf("on m0: %d datagrams, want 3: %+v", len(got), one.Counters())
	}
	for i, n := range []int{100, 200, 300} {
		if !bytes.Equal(got[i].Payload, greOf(n)) || got[i].Src() != thereIP {
			t.Errorf("on m0: datagram %d from %v has %d bytes", i, got[i].Src(), len(got[i].Payload))
		}
	}
	if got := onAll.take(fence); len(got) != 0 {
		t.Errorf("on all interfaces: %d datagrams that the host would not take", len(got))
	}
}
