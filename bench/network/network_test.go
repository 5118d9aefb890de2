package network

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os/exec"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/bench/traffic"
)

// sequences are the numbers of one stream, in order.
func sequences(t *testing.T, p *Packets, session uint16, times int) (numbers []uint32) {
	t.Helper()
	source := p.All()[0][12:16]
	for range times {
		for i, b := range p.All() {
			if string(b[12:16]) == string(source) && binary.BigEndian.Uint16(b[30:])&0x3FF == session {
				numbers = append(numbers, binary.BigEndian.Uint32(b[24:]))
			}
			p.Renumber(i)
		}
	}
	return numbers
}

// However often the packets go round, the numbers of each stream follow each other.
func TestRenumber(t *testing.T) {
	made, err := traffic.New(traffic.Spec{Packets: 200, Sessions: 3, Sources: 4})
	if err != nil {
		t.Fatal(err)
	}
	numbers := sequences(t, NewPackets(made.Memory(), 0), 2, 3)
	if len(numbers) < 6 {
		t.Fatalf("a stream of %v", numbers)
	}
	for i, n := range numbers {
		if n != numbers[0]+uint32(i) {
			t.Fatalf("number %d is %d: %v", i, n, numbers)
		}
	}
}

// However often the packets go round, each side of a conversation goes on where it was, and acknowledges all that was sent before.
func TestConverse(t *testing.T) {
	made, err := traffic.New(traffic.Spec{Packets: 400, Sessions: 2, Sources: 1, Talks: 3, OnlyTCP: true})
	if err != nil {
		t.Fatal(err)
	}
	p := NewPackets(made.Memory(), 0)
	p.Converse()
	next, data := make(map[string]uint32), 0
	for range 3 {
		for i, b := range p.All() {
			outer := gopacket.NewPacket(b[20+16:], layers.LayerTypeEthernet, gopacket.Default)
			ip, tcp := outer.Layer(layers.LayerTypeIPv4).(*layers.IPv4), outer.Layer(layers.LayerTypeTCP).(*layers.TCP)
			me, peer := fmt.Sprint(ip.SrcIP, tcp.SrcPort, ip.DstIP, tcp.DstPort), fmt.Sprint(ip.DstIP, tcp.DstPort, ip.SrcIP, tcp.SrcPort)
			if want, known := next[me]; known && want != tcp.Seq {
				t.Fatalf("%s: sequence %d, want %d", me, tcp.Seq, want)
			}
			if want, known := next[peer]; known && want != tcp.Ack {
				t.Fatalf("%s: acknowledges %d, want %d", me, tcp.Ack, want)
			}
			next[me] = tcp.Seq + uint32(len(tcp.Payload))
			data += len(tcp.Payload)
			p.Renumber(i)
		}
	}
	if len(next) != 12 || data == 0 {
		t.Errorf("%d sides, %d bytes", len(next), data)
	}
}

func TestReceiveDrops(t *testing.T) {
	text := []byte("Inter-|   Receive                                                |  Transmit\n" +
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n" +
		"    lo:       0       0    0    3    0     0          0         0        0       0    0    0    0     0       0          0\n" +
		"mirror0: 1234     12    0   42    0     0          0         0        0       0    0    7    0     0       0          0\n")
	if got, err := receiveDrops(text); err != nil || got != 42 {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := receiveDrops([]byte("    lo: 0 0 0 3\n")); err == nil {
		t.Errorf("got %d of an interface that is not there", got)
	}
}

func TestPacer(t *testing.T) {
	p := pacer{time.Now(), 1000}
	if got := p.due(1500); got != 1500*time.Millisecond {
		t.Errorf("packet 1500 at 1000/s is due after %v", got)
	}
	p.wait(20)
	if waited := time.Since(p.began); waited < 20*time.Millisecond {
		t.Errorf("waited %v of 20 ms", waited)
	}
	pacer{}.wait(1 << 40) // at once
}

// newLink makes a link, or skips the test.
func newLink(t *testing.T) *Link {
	t.Helper()
	l, err := NewLink(netip.MustParsePrefix("10.2.1.110/8"), []netip.Addr{netip.MustParseAddr("10.0.0.11")})
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, exec.ErrNotFound) {
		t.Skipf("needs root and iproute2: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestSenderIsInterrupted(t *testing.T) {
	l := newLink(t)
	made, err := traffic.New(traffic.Spec{Packets: 100})
	if err != nil {
		t.Fatal(err)
	}
	s, err := l.NewSender(made.Memory())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if sent, err := s.Send(ctx, 1000, 0); !errors.Is(err, why) || sent.Packets != 0 {
		t.Errorf("sent %+v, %v", sent, err)
	}
	if sent, err := s.Send(t.Context(), 1000, 0); err != nil || sent.Packets != 1000 {
		t.Errorf("sent %+v, %v", sent, err)
	}
	if dropped, err := l.Dropped(); err != nil || dropped != 0 {
		t.Errorf("%d packets dropped by the link, %v", dropped, err)
	}
}
