package sim_test

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// capture collects outer packets.
type capture struct {
	mu      sync.Mutex
	packets [][]byte
	more    *sync.Cond
}

func newCapture() *capture {
	c := &capture{}
	c.more = sync.NewCond(&c.mu)
	return c
}

func (c *capture) take(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets = append(c.packets, p)
	c.more.Broadcast()
}

func (c *capture) all() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([][]byte(nil), c.packets...)
}

// after forgets what was captured and waits for n packets more.
func (c *capture) after(t *testing.T, n int) [][]byte {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets = nil
	expired := false
	timer := time.AfterFunc(10*time.Second, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		expired = true
		c.more.Broadcast()
	})
	defer timer.Stop()
	for len(c.packets) < n && !expired {
		c.more.Wait()
	}
	if len(c.packets) < n {
		t.Fatalf("%d packets within 10 s, want %d", len(c.packets), n)
	}
	return append([][]byte(nil), c.packets...)
}

// mirrored is one mirror packet taken apart: an independent reading of the
// headers, byte by byte.
type mirrored struct {
	source, destination netip.Addr
	fragments           int
	protocol            uint16
	key                 uint32
	sequence            uint32
	version             uint8
	vlan, session       uint16
	truncated           bool
	egress              bool // Type III
	frame               []byte
	inner               gopacket.Packet
}

// reassemble puts fragments together (they arrive in order here) and takes the
// packets apart.
func reassemble(t *testing.T, packets [][]byte) []mirrored {
	t.Helper()
	type flow struct {
		source netip.Addr
		id     uint16
	}
	partial := map[flow][]byte{}
	count := map[flow]int{}
	var list []mirrored
	for _, raw := range packets {
		p := gopacket.NewPacket(raw, layers.LayerTypeIPv4, gopacket.NoCopy)
		ip, ok := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		if !ok || ip.Protocol != layers.IPProtocolGRE {
			t.Fatalf("not an IPv4 GRE packet: % x", raw[:min(len(raw), 40)])
		}
		source, _ := netip.AddrFromSlice(ip.SrcIP)
		destination, _ := netip.AddrFromSlice(ip.DstIP)
		k := flow{source, ip.Id}
		if int(ip.FragOffset)*8 != len(partial[k]) {
			delete(partial, k)
			continue // the first fragment was before the capture began
		}
		partial[k] = append(partial[k], ip.Payload...)
		count[k]++
		if ip.Flags&layers.IPv4MoreFragments != 0 {
			continue
		}
		m := parse(t, partial[k])
		m.source, m.destination, m.fragments = source, destination, count[k]
		delete(partial, k)
		delete(count, k)
		list = append(list, m)
	}
	return list
}

// parse reads GRE, ERSPAN and the frame.
func parse(t *testing.T, b []byte) mirrored {
	t.Helper()
	flags := binary.BigEndian.Uint16(b)
	m := mirrored{protocol: binary.BigEndian.Uint16(b[2:])}
	b = b[4:]
	switch flags {
	case 0x2000:
		m.key, b = binary.BigEndian.Uint32(b), b[4:]
	case 0x1000:
		m.sequence, b = binary.BigEndian.Uint32(b), b[4:]
	default:
		t.Fatalf("GRE flags %#04x", flags)
	}
	if m.protocol != 0x6558 {
		word := binary.BigEndian.Uint32(b)
		m.version, m.vlan = uint8(word>>28), uint16(word>>16&0xfff)
		m.truncated, m.session = word>>10&1 == 1, uint16(word&0x3ff)
		if m.protocol == 0x22eb {
			m.egress = b[11]>>3&1 == 1
			b = b[4:]
		}
		b = b[8:]
	}
	m.frame = b
	m.inner = gopacket.NewPacket(b, layers.LayerTypeEthernet, gopacket.Default)
	return m
}

// stage is a simulator in memory, its client and its capture.
func stage(t *testing.T, o sim.Options) (*sim.Simulator, *client, *capture) {
	t.Helper()
	c := newCapture()
	o.Emit, o.Memory = sim.EmitMemory, c.take
	if o.Interval == 0 {
		o.Interval = time.Millisecond
	}
	s := start(t, o)
	return s, dial(t, s), c
}

// vm is the state of a machine.
func vm(t *testing.T, s *sim.Simulator, name string) sim.VMState {
	t.Helper()
	for _, v := range s.State().VMs {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no virtual machine %q", name)
	return sim.VMState{}
}
