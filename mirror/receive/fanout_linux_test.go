package receive

import (
	"bytes"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// crew keeps what each worker of a source receives.
type crew struct {
	mu     sync.Mutex
	got    []kept
	worker []int // of each
}

func (c *crew) of(worker int) Handler {
	return each(func(d *Datagram) {
		c.mu.Lock()
		defer c.mu.Unlock()
		keep(&c.got)(0).Take([]Datagram{*d})
		c.worker = append(c.worker, worker)
	})
}

func (c *crew) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// runCrew runs an opened source until what it has received is enough, and stops it.
func runCrew(t *testing.T, ns namespace, source Source, enough int, meanwhile func()) *crew {
	t.Helper()
	c := &crew{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- ns.Do(func() error { return source.Run(ctx, c.of) }) }()
	meanwhile()
	for began := time.Now(); c.count() < enough && time.Since(began) < patience; {
		time.Sleep(time.Millisecond) // there is no event to wait for: workers tell nobody
	}
	stopping := time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if took := time.Since(stopping); took > time.Second {
		t.Errorf("it took %v to stop", took)
	}
	checkSum(t, source.Counters())
	return c
}

// exporter is an outer source address.
func exporter(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 2, 0, byte(i)}) }

// With several workers each exporter is with one of them, whatever it sends: what
// is whole and what is in pieces, each once and in the order of sending. All of
// them together have received what was sent.
func TestWorkersShareExporters(t *testing.T) {
	const workers, exporters, each, blocks = 3, 24, 40, 32
	for _, on := range []string{"lo", ""} {
		t.Run("on "+on, func(t *testing.T) {
			ns := newNamespace(t)
			ring := NewRing(LiveOptions{Interface: on, Workers: workers, Blocks: blocks})
			openIn(t, ns, ring)
			s, sent := newSender(t, ns), uint64(0)
			c := runCrew(t, ns, ring, exporters*each, func() {
				for n := range each {
					for i := range exporters {
						packets := numbered(exporter(i), n, (n*997)%4000)
						rand.Shuffle(len(packets), func(a, b int) { packets[a], packets[b] = packets[b], packets[a] })
						s.send(packets...)
						sent += uint64(len(packets))
					}
				}
			})
			next, with := map[netip.Addr]int{}, map[netip.Addr]int{}
			for i, k := range c.got {
				if n := int(binary.BigEndian.Uint32(k.Payload[4:])); n != next[k.Src()] || k.PayloadLen != 8+(n*997)%4000 {
					t.Fatalf("%v: datagram %d of %d bytes, want %d", k.Src(), n, k.PayloadLen, next[k.Src()])
				}
				if was, ok := with[k.Src()]; ok && was != c.worker[i] {
					t.Fatalf("%v is with workers %d and %d", k.Src(), was, c.worker[i])
				}
				next[k.Src()]++
				with[k.Src()] = c.worker[i]
			}
			busy := map[int]bool{}
			for _, worker := range with {
				busy[worker] = true
			}
			if len(with) != exporters || len(busy) != workers {
				t.Errorf("%d exporters with %d workers, want %d with %d", len(with), len(busy), exporters, workers)
			}
			if got := ring.Counters(); got.Packets-got.NotGRE != sent || got.Datagrams != exporters*each || got.KernelDrops != 0 || got.Fragments == 0 {
				t.Errorf("%d packets were sent: %+v", sent, got)
			}
			if d := ring.Describe(); d.Workers != workers || d.RingBytes != workers*blocks*(256<<10) {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// numbered is a mirrored datagram with its number in it, in pieces if it is long.
func numbered(src netip.Addr, n, size int) [][]byte {
	payload := binary.BigEndian.AppendUint32(append([]byte(nil), greHeader...), uint32(n))
	payload = append(payload, make([]byte, size)...)
	if len(payload) <= 1480 {
		return [][]byte{ipv4(src, v4b, 47, part{}, payload)}
	}
	return split(payload, uint32(n), 1480, func(p part, b []byte) []byte { return ipv4(src, v4b, 47, p, b) })
}

// conversation is a frame of one inner conversation, mirrored as vSphere's `gre`.
func conversation(i int) []byte {
	udp := binary.BigEndian.AppendUint16(nil, uint16(1024+i))
	udp = append(udp, 0, 53, 0, 12, 0, 0, 1, 2, 3, 4)
	inner := ipv4(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), netip.AddrFrom4([4]byte{10, 0, 1, 1}), 17, part{}, udp)
	return append(append([]byte(nil), greHeader...), ethernet(0x0800, inner)...)
}

// group opens packet sockets on the loopback interface of the namespace that the
// kernel divides packets among.
func group(t *testing.T, ns namespace, kind int, program []bpf.Instruction) []int {
	t.Helper()
	fds := make([]int, 4)
	ns.Must(t, func() error {
		id := 0
		for i := range fds {
			fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
			if err != nil {
				return err
			}
			fds[i] = fd
			if err := attachFilter(fd, ringFilter(0, false)); err != nil {
				return err
			}
			index, err := interfaceIndex("lo")
			if err != nil {
				return err
			}
			if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}); err != nil {
				return err
			}
			how := kind
			if i == 0 {
				how |= unix.PACKET_FANOUT_FLAG_UNIQUEID
			}
			if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, how<<16|id); err != nil {
				return err
			}
			if id, err = unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT); err != nil {
				return err
			}
			id &= 0xFFFF
		}
		if program == nil {
			return nil
		}
		return (&ringSocket{fd: fds[0]}).divide(program)
	})
	t.Cleanup(func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	})
	return fds
}

// spread counts how many sockets have received something, and what they have.
func spread(t *testing.T, fds []int) (sockets, packets int) {
	t.Helper()
	for _, fd := range fds {
		n := 0
		for b := make([]byte, 2048); ; n++ {
			if _, _, err := unix.Recvfrom(fd, b, 0); err != nil {
				break
			}
		}
		packets += n
		if n > 0 {
			sockets++
		}
	}
	return sockets, packets
}

// What the kernel does by itself: PACKET_FANOUT_HASH looks into GRE and scatters the
// conversations that one exporter mirrors, and with them its sequence. Our program
// does not.
func TestKernelHashTearsExportersApart(t *testing.T) {
	ns := newNamespace(t)
	hash := group(t, ns, unix.PACKET_FANOUT_HASH, nil)
	ours := group(t, ns, unix.PACKET_FANOUT_CBPF, fanout())
	s := newSender(t, ns)
	const sent = 64
	for i := range sent {
		s.send(ipv4(v4a, v4b, 47, part{}, conversation(i)))
	}
	if sockets, packets := spread(t, hash); packets != sent || sockets == 1 {
		t.Errorf("the kernel's hash: %d packets in %d sockets; if it no longer looks into GRE, our program has no use", packets, sockets)
	}
	if sockets, packets := spread(t, ours); packets != sent || sockets != 1 {
		t.Errorf("our program: %d packets in %d sockets, want all in one", packets, sockets)
	}
	// Later fragments have nothing but addresses to be told by.
	s.send(split4(append(conversation(1), make([]byte, 4000)...), 9, 1480)...)
	if sockets, _ := spread(t, ours); sockets != 1 {
		t.Errorf("our program: a datagram's fragments in %d sockets", sockets)
	}
}

// The program as such: equal for all packets of a source, spread over the sources,
// IPv6 and one more VLAN tag included.
func TestFanoutProgram(t *testing.T) {
	run := func(etherType uint32, packet []byte) int {
		program := fanout()
		for i, instruction := range program {
			if load, ok := instruction.(bpf.LoadExtension); ok && load.Num == bpf.ExtProto {
				program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: etherType}
			}
			if load, ok := instruction.(bpf.LoadAbsolute); ok { // the emulator's packets begin at the network header
				program[i] = bpf.LoadAbsolute{Off: load.Off - fromNetwork, Size: load.Size}
			}
		}
		vm, err := bpf.NewVM(program)
		if err != nil {
			t.Fatal(err)
		}
		n, err := vm.Run(packet)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	tagged := func(etherType uint16, b []byte) []byte {
		return append([]byte{0, 5, byte(etherType >> 8), byte(etherType)}, b...)
	}
	var four, six [4]int
	for i := range 64 {
		src4, src6 := exporter(2*i), netip.AddrFrom16([16]byte{0xFD, 15: byte(2 * i)})
		a, b := ipv4(src4, v4b, 47, part{}, greOf(5)), ipv4(src4, v4c, 47, part{id: 3, offset: 8}, greOf(900))
		if x, y, z := run(0x0800, a), run(0x0800, b), run(0x8100, tagged(0x0800, a)); x != y || x != z {
			t.Errorf("%v: %d, %d and %d", src4, x, y, z)
		}
		c, d := ipv6(src6, v6b, 47, greOf(5)), ipv6Fragment(src6, v6a, 47, part{id: 3, offset: 8}, greOf(900))
		if x, y, z := run(0x86DD, c), run(0x86DD, d), run(0x88A8, tagged(0x86DD, c)); x != y || x != z {
			t.Errorf("%v: %d, %d and %d", src6, x, y, z)
		}
		four[run(0x0800, a)%4]++
		six[run(0x86DD, c)%4]++
	}
	for i := range 4 {
		if four[i] < 6 || six[i] < 6 {
			t.Errorf("of 64 neighbours: %v and %v", four, six)
			break
		}
	}
	if got := run(0x0806, bytes.Repeat([]byte{0}, 60)); got != 0 {
		t.Errorf("ARP: %d", got)
	}
}
