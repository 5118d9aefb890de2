package traffic_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// members are n endpoints, every third one in another VLAN.
func members(n int) []traffic.Endpoint {
	list := make([]traffic.Endpoint, n)
	for i := range list {
		vlan := uint16(110)
		if i%3 == 2 {
			vlan = 120
		}
		list[i] = traffic.Endpoint{
			ID: i + 1, Name: fmt.Sprintf("vm-%02d", i+1), VLAN: vlan,
			MAC:     net.HardwareAddr{0x00, 0x50, 0x56, 0x9a, byte(i >> 8), byte(i + 1)},
			IP:      netip.AddrFrom4([4]byte{10, 10, byte(vlan), byte(10 + i)}),
			Gateway: netip.AddrFrom4([4]byte{10, 10, byte(vlan), 1}),
		}
	}
	return list
}

func run(seed int64, steps int, who []traffic.Endpoint) []traffic.Frame {
	e := traffic.New(seed)
	var all []traffic.Frame
	for range steps {
		all = append(all, e.Step(who)...)
	}
	return all
}

func TestSameSeedSameFrames(t *testing.T) {
	a, b, other := run(1, 200, members(4)), run(1, 200, members(4)), run(2, 200, members(4))
	equal := func(x, y traffic.Frame) bool {
		return x.From == y.From && slices.Equal(x.To, y.To) && bytes.Equal(x.Data, y.Data)
	}
	if !slices.EqualFunc(a, b, equal) {
		t.Error("the same seed gave different frames")
	}
	if slices.EqualFunc(a, other, equal) {
		t.Error("another seed gave the same frames")
	}
}

func TestEverybodySendsAndReceivesWithinTenSteps(t *testing.T) {
	for _, n := range []int{1, 2, 4, 20} {
		e, who := traffic.New(7), members(n)
		for window := range 30 {
			sent, received := map[int]bool{}, map[int]bool{}
			for range 10 {
				for _, f := range e.Step(who) {
					sent[f.From] = true
					for _, id := range f.To {
						received[id] = true
					}
				}
			}
			for _, m := range who {
				if !sent[m.ID] || !received[m.ID] {
					t.Fatalf("%d members, window %d: %s sent %v, received %v", n, window, m.Name, sent[m.ID], received[m.ID])
				}
			}
		}
	}
}

func TestStepIsBounded(t *testing.T) {
	e, who := traffic.New(1), members(250)
	turns := map[int]bool{}
	for range 20 {
		frames := e.Step(who)
		if len(frames) > 97 {
			t.Fatalf("a step of 250 members made %d frames", len(frames))
		}
		for _, f := range frames {
			turns[f.From] = true
		}
	}
	for _, m := range who {
		if !turns[m.ID] {
			t.Errorf("%s had no turn in 20 steps", m.Name)
		}
	}
}

func TestAbsentMembersNeitherSendNorReceive(t *testing.T) {
	e, who := traffic.New(3), members(4)
	for range 50 {
		e.Step(who)
	}
	rest := slices.Delete(slices.Clone(who), 1, 2)
	for range 200 {
		for _, f := range e.Step(rest) {
			if f.From == who[1].ID || slices.Contains(f.To, who[1].ID) {
				t.Fatalf("a frame from %d to %v though 2 is absent", f.From, f.To)
			}
		}
	}
}

// TestFramesAreSound decodes every frame with gopacket, checks lengths and
// checksums, and that all kinds of traffic occur.
func TestFramesAreSound(t *testing.T) {
	seen := map[string]int{}
	byID := map[int]traffic.Endpoint{}
	for _, m := range members(4) {
		byID[m.ID] = m
	}
	for i, f := range run(1, 500, members(4)) {
		p := gopacket.NewPacket(f.Data, layers.LayerTypeEthernet, gopacket.Default)
		if e := p.ErrorLayer(); e != nil {
			t.Fatalf("frame %d: %v", i, e.Error())
		}
		ethernet := p.LinkLayer().(*layers.Ethernet)
		if f.From != 0 && !bytes.Equal(ethernet.SrcMAC, byID[f.From].MAC) {
			t.Errorf("frame %d from %d has source %v", i, f.From, ethernet.SrcMAC)
		}
		if len(f.To) == 1 && ethernet.DstMAC[0]&1 == 0 && !bytes.Equal(ethernet.DstMAC, byID[f.To[0]].MAC) {
			t.Errorf("frame %d to %v has destination %v", i, f.To, ethernet.DstMAC)
		}
		if len(f.Data) > 1514 {
			seen["super-frame"]++
		}
		if c, ok := p.TransportLayer().(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := c.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
		}
		err, mismatches := p.VerifyChecksums()
		if err != nil || len(mismatches) > 0 {
			t.Errorf("frame %d: checksums %v %v", i, mismatches, err)
		}
		for _, l := range p.Layers() {
			seen[l.LayerType().String()]++
		}
		if app := p.ApplicationLayer(); app != nil {
			text := string(app.Payload())
			if strings.HasPrefix(text, "GET /") && strings.Contains(text, "\r\nHost: vm-0") {
				seen["request"]++
			}
			if strings.HasPrefix(text, "HTTP/1.1 200 OK\r\n") {
				seen["response"]++
			}
		}
	}
	for _, kind := range []string{"ARP", "DNS", "ICMPv4", "TCP", "UDP", "request", "response", "super-frame"} {
		if seen[kind] == 0 {
			t.Errorf("no %s in 500 steps; seen %v", kind, seen)
		}
	}
}
