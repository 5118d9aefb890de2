//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/receive"
)

// ring is a packet ring behind the program.
type ring struct {
	t    *testing.T
	last chan struct{} // closed when the fence has come

	mu  sync.Mutex
	got [][]byte // the payloads of datagrams that were not fragmented
}

// fence is sent last, in a conversation of its own.
var fence = carry(v4b, v4a, erspan.Packet{Type: erspan.Bridging, Frame: mirrored(vmA, vmB, 99)}.Append(nil))

// ringIn runs a ring until the test is over.
func ringIn(t *testing.T, ns namespace, name string) *ring {
	t.Helper()
	r := &ring{t: t, last: make(chan struct{})}
	source := receive.NewRing(receive.LiveOptions{Interface: name, Blocks: 32})
	must(t, ns.Do(source.Open))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- ns.Do(func() error { return source.Run(ctx, receive.Each(r.take)) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *ring) take(d *receive.Datagram) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case d.Src() == v4b:
		close(r.last)
	case d.Fragments == 1:
		r.got = append(r.got, bytes.Clone(d.Payload))
	}
}

// all waits for the fence and returns what came before it, in an order of its
// own. Packets stay in order, so that what has not come by then never will.
func (r *ring) all() [][]byte {
	r.t.Helper()
	select {
	case <-r.last:
	case <-time.After(10 * time.Second): // far above what any delivery takes
		r.t.Fatal("the last packet does not arrive at the ring")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.got, bytes.Compare)
	return r.got
}

// datagram is what a ring makes of a packet by itself; nil of a fragment.
func datagram(b []byte) []byte {
	f, err := frame.Parse(b)
	if err != nil {
		return nil
	}
	ip, payload, err := frame.ParseIP(b[f.HeaderLen():])
	if err != nil || ip.IsFragment() || ip.Protocol != frame.ProtocolGRE {
		return nil
	}
	return payload
}

// On a real interface what is admitted is counted as user space would count it,
// and never seen again; what is passed up arrives at a packet ring there, and
// nothing else does.
func TestLive(t *testing.T) {
	for name, c := range map[string]struct {
		on   string
		mode Mode
		want Mode
	}{
		"veth":           {"m0", Best, Native},
		"veth, native":   {"m0", Native, Native},
		"veth, generic":  {"m0", Generic, Generic},
		"loopback":       {"lo", Best, Generic},
		"loopback again": {"lo", Generic, Generic},
	} {
		t.Run(name, func(t *testing.T) {
			here, from := veth(t, 1500)
			if c.on == "lo" {
				from = here
			}
			counter := counterIn(t, here, Options{Interface: c.on, Mode: c.mode})
			d := counter.Describe()
			if d.Mode != c.want || d.Interface != c.on || (d.Reason != "") != (c.mode == Best && c.want == Generic || !hasFrags()) {
				t.Errorf("described as %+v", d)
			}
			r := ringIn(t, here, c.on)
			packets := soundPackets(400)
			m := newModel()
			admitAll(t, counter, m, packets, func(i int) bool { return i%4 != 0 })
			var want [][]byte
			for _, b := range packets {
				if payload := datagram(b); !m.take(b) && payload != nil {
					want = append(want, payload)
				}
			}
			m.take(fence)
			from.Transmit(t, c.on, append(packets, fence)...)
			slices.SortFunc(want, bytes.Compare)
			if got := r.all(); !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("%d datagrams at the ring, want %d", len(got), len(want))
			}
			m.compare(t, harvestOf(t, counter))
			if len(want) < 100 || len(want) > 350 {
				t.Errorf("%d of %d packets are passed up", len(want), len(packets))
			}
		})
	}
}

// soundPackets are packets that a ring without a program takes, and some
// fragments.
func soundPackets(n int) (packets [][]byte) {
	r := maker{rand.New(rand.NewPCG(5, 5))}
	for len(packets) < n {
		b := r.packet()
		f, err := frame.Parse(b)
		if err == nil && f.Inner == 0 && f.HasIP && f.Tags[0].TPID != 0x9100 && f.Tags[1].TPID != 0x9100 {
			packets = append(packets, b)
		}
	}
	return packets
}

// Packets that are longer than a page are counted too, in native mode.
func TestJumbo(t *testing.T) {
	if !hasFrags() {
		t.Skip("needs XDP on packets of several buffers: Linux 5.18")
	}
	here, there := veth(t, 9000)
	for _, mode := range []Mode{Native, Generic} {
		t.Run(string(mode), func(t *testing.T) {
			c := counterIn(t, here, Options{Interface: "m0", Mode: mode})
			if d := c.Describe(); !d.Jumbo || d.Mode != mode || d.Reason != "" {
				t.Errorf("described as %+v", d)
			}
			r := ringIn(t, here, "m0")
			packets := [][]byte{
				carry(v4a, v4b, numbered2(3, 1, mirrored(vmA, vmB, 8900))),
				carry(v6a, v6b, numbered2(3, 1, mirrored(vmA, vmB, 1500))),
			}
			m := newModel()
			admitAll(t, c, m, packets, func(int) bool { return true })
			for _, b := range append(packets, fence) {
				m.take(b)
			}
			there.Transmit(t, "m0", append(packets, fence)...)
			if got := r.all(); len(got) != 0 {
				t.Errorf("%d datagrams are passed up", len(got))
			}
			m.compare(t, harvestOf(t, c))
			must(t, c.Close())
		})
	}
}
