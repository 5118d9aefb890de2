package receive

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/netns"
)

// sources are the ways to receive live, each of which must pass the same tests.
var sources = map[string]func(LiveOptions) Source{
	"ring": func(o LiveOptions) Source { return NewRing(o) },
	"raw":  func(o LiveOptions) Source { return NewRaw(o) },
	"live": func(o LiveOptions) Source { return NewLive(o) },
}

// forEachSource runs a test in a namespace of its own for each way to receive,
// on all interfaces and on one.
func forEachSource(t *testing.T, test func(t *testing.T, ns namespace, source Source)) {
	for name, make := range sources {
		for _, on := range []string{"", "lo"} {
			t.Run(name+" "+on, func(t *testing.T) {
				ns := newNamespace(t)
				source := make(LiveOptions{Interface: on, Blocks: 4})
				openIn(t, ns, source)
				test(t, ns, source)
			})
		}
	}
}

// On loopback every packet passes twice, once going out: it must count once. What
// comes between Open and Run is not missed.
func TestLoopbackEachOnce(t *testing.T) {
	forEachSource(t, func(t *testing.T, ns namespace, source Source) {
		s := newSender(t, ns)
		var want [][]byte
		for i := range 20 {
			want = append(want, greOf(i*50))
			s.send(ipv4(v4a, v4b, 47, part{}, want[i]))
		}
		r := runIn(t, ns, source)
		s.send(fence4())
		got := r.take(fence)
		if len(got) != len(want) {
			t.Fatalf("%d datagrams, want %d", len(got), len(want))
		}
		for i, k := range got {
			if k.Src() != v4a || k.Dst() != v4b || !bytes.Equal(k.Payload, want[i]) || k.WireLen != 20+len(want[i]) {
				t.Errorf("datagram %d: %v -> %v, %d bytes", i, k.Src(), k.Dst(), k.WireLen)
			}
			if age := time.Since(k.Time()); age < 0 || age > time.Minute || k.Time().Nanosecond() == 0 {
				t.Errorf("datagram %d: arrived %v ago", i, age)
			}
			if k.Number != uint64(i+1) || k.Truncated || k.Fragments != 1 {
				t.Errorf("datagram %d: %+v", i, k.Datagram)
			}
		}
	})
}

// Fragments are joined, by us or by the kernel, also when they come in disorder.
func TestLoopbackFragments(t *testing.T) {
	forEachSource(t, func(t *testing.T, ns namespace, source Source) {
		ns.addIPv6(t)
		r, s, payload := runIn(t, ns, source), newSender(t, ns), greOf(4000)
		four, six := split4(payload, 7, 1480), split6(payload, 8, 1448)
		slices.Reverse(four)
		slices.Reverse(six)
		s.send(four...)
		s.send(six...)
		got := r.first(2)
		if got[0].Src().Is6() { // raw has two sockets, and no order between them
			got[0], got[1] = got[1], got[0]
		}
		for i, header := range []int{20, 40} {
			k := got[i]
			if !bytes.Equal(k.Payload, payload) || k.WireLen != header+len(payload) {
				t.Errorf("datagram %d: %d bytes of payload, wire length %d", i, len(k.Payload), k.WireLen)
			}
			if want := 3; source.Describe().Kind == KindRing && k.Fragments != want {
				t.Errorf("datagram %d: %d fragments, want %d", i, k.Fragments, want)
			}
		}
	})
}

func TestLoopbackIPv6(t *testing.T) {
	forEachSource(t, func(t *testing.T, ns namespace, source Source) {
		ns.addIPv6(t)
		r, s, payload := runIn(t, ns, source), newSender(t, ns), greOf(200)
		s.send(ipv6(v6a, v6b, 47, payload), ipv6(v6a, v6b, 60, append(option(47), payload...)))
		s.send(ipv6(v6a, v6b, 47, fence))
		got := r.take(fence)
		if len(got) != 2 {
			t.Fatalf("%d datagrams, want 2: %+v", len(got), source.Counters())
		}
		for i, k := range got {
			if k.Src() != v6a || k.Dst() != v6b || !bytes.Equal(k.Payload, payload) {
				t.Errorf("datagram %d: %v -> %v, %d bytes", i, k.Src(), k.Dst(), len(k.Payload))
			}
		}
	})
}

// answers listens for ICMP in the namespace and returns the codes of destination
// unreachable up to the answer to a UDP packet, which is sent behind the mirrors.
func answers(t *testing.T, ns namespace, s *sender) []byte {
	t.Helper()
	var fd int
	ns.Must(t, func() (err error) {
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP)
		if err != nil {
			return err
		}
		timeout := unix.NsecToTimeval(patience.Nanoseconds())
		return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout)
	})
	defer func() { _ = unix.Close(fd) }()
	udp := []byte{0x12, 0x34, 0x43, 0x21, 0, 8, 0, 0} // to a port where nobody listens
	s.send(ipv4(v4a, v4b, 47, part{}, greOf(30)), ipv4(v4a, v4b, 17, part{}, udp))
	var codes []byte
	b := make([]byte, 2048)
	for {
		n, _, err := unix.Recvfrom(fd, b, 0)
		if err != nil || n < 22 {
			t.Fatalf("wait for the answer to UDP: %d bytes, %v", n, err)
		}
		const unreachable, portCode = 3, 3
		if b[20] != unreachable {
			continue
		}
		if b[21] == portCode {
			return codes
		}
		codes = append(codes, b[21])
	}
}

// A host answers mirrors with protocol unreachable, and does not while somebody
// listens, be it only to be silent.
func TestNoProtocolUnreachable(t *testing.T) {
	ns := newNamespace(t)
	s := newSender(t, ns)
	const protocolCode = 2
	loud := func() bool { return bytes.Contains(answers(t, ns, s), []byte{protocolCode}) }
	if !loud() {
		t.Fatal("nobody listens and no protocol unreachable is sent: this test could not fail")
	}
	ring := NewRing(LiveOptions{Blocks: 4})
	openIn(t, ns, ring)
	if !loud() {
		t.Error("a ring alone should not silence the host; if it does now, Silence has no use")
	}
	if err := ring.Close(); err != nil {
		t.Error(err)
	}
	silence := NewSilence()
	for name, quiet := range map[string]interface {
		Open() error
		Close() error
	}{
		"silence": silence, "raw": NewRaw(LiveOptions{}), "live": NewLive(LiveOptions{Blocks: 4}),
	} {
		ns.Must(t, quiet.Open)
		if loud() {
			t.Errorf("%s: protocol unreachable is sent", name)
		}
		if err := quiet.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !loud() {
			t.Errorf("%s: the silence outlives Close", name)
		}
	}
}

// What the kernel drops is read at once, though nothing is ever received again.
func TestKernelDropsAreCounted(t *testing.T) {
	for name, source := range map[string]Source{
		"ring": NewRing(LiveOptions{BlockSize: 4096, Blocks: 2}),
		"raw":  NewRaw(LiveOptions{SocketBuffer: 4096}),
	} {
		t.Run(name, func(t *testing.T) {
			ns := newNamespace(t)
			openIn(t, ns, source)
			s := newSender(t, ns)
			if n := source.Counters().KernelDrops; n != 0 {
				t.Fatalf("%d drops before anything was sent", n)
			}
			const sent = 500
			for range sent {
				s.send(ipv4(v4a, v4b, 47, part{}, greOf(1000)))
			}
			first := source.Counters()
			if first.KernelDrops < sent/2 || first.KernelDrops > sent {
				t.Errorf("%d drops of %d packets that nobody read", first.KernelDrops, sent)
			}
			if first.KernelDrops != source.Counters().KernelDrops {
				t.Error("asking twice changes the count")
			}
			where := first.BufferDrops
			if name == "ring" {
				where = first.RingDrops
				if first.RingFreezes == 0 {
					t.Error("the ring was full and did not freeze")
				}
			}
			if where != first.KernelDrops || first.RingDrops+first.BufferDrops != where {
				t.Errorf("of %d drops %d by the ring, %d by buffers", first.KernelDrops, first.RingDrops, first.BufferDrops)
			}
			if err := source.Close(); err != nil {
				t.Error(err)
			}
			if got := source.Counters().KernelDrops; got != first.KernelDrops {
				t.Errorf("%d drops after Close, %d before", got, first.KernelDrops)
			}
		})
	}
}

// A snap length keeps the headers, says that it cut, and still joins fragments.
func TestRingSnapLength(t *testing.T) {
	ns := newNamespace(t)
	source := NewRing(LiveOptions{SnapLen: 100, Blocks: 4})
	openIn(t, ns, source)
	r, s := runIn(t, ns, source), newSender(t, ns)
	s.send(ipv4(v4a, v4b, 47, part{}, greOf(1000)))
	s.send(split4(greOf(3000), 3, 1480)...)
	s.send(fence4())
	got := r.take(fence)
	if len(got) != 2 {
		t.Fatalf("%d datagrams", len(got))
	}
	for i, wireLen := range []int{1024, 3024} {
		if k := got[i]; !k.Truncated || len(k.Payload) != 80 || k.WireLen != wireLen || k.PayloadLen != wireLen-20 {
			t.Errorf("datagram %d: truncated %v, %d of %d bytes, wire length %d", i, k.Truncated, len(k.Payload), k.PayloadLen, k.WireLen)
		}
	}
}

// Where the ring cannot be had the raw sockets serve, and it is said why.
func TestLiveFallsBack(t *testing.T) {
	ns := newNamespace(t)
	source := NewLive(LiveOptions{BlockSize: 1000}) // no multiple of a page: refused by the kernel
	if d := source.Describe(); d.Kind != "" || source.Counters() != (Counters{}) {
		t.Errorf("before Open: %+v", d)
	}
	openIn(t, ns, source)
	if d := source.Describe(); d.Kind != KindRaw || !strings.Contains(d.Reason, "ring of 128 blocks of 1000 bytes") {
		t.Errorf("got %+v", d)
	}
	r := runIn(t, ns, source)
	newSender(t, ns).send(fence4())
	if got := r.take(fence); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestLivePrefersTheRing(t *testing.T) {
	ns := newNamespace(t)
	source := NewLive(LiveOptions{Interface: "lo", Blocks: 4})
	openIn(t, ns, source)
	if d := source.Describe(); d.Kind != KindRing || d.Interface != "lo" || d.Reason != "" || len(d.Warnings) != 0 {
		t.Errorf("got %+v", d)
	}
	if err := errors.Join(source.Close(), source.Close()); err != nil {
		t.Error(err)
	}
	if err := source.Run(context.Background(), Each(nil)); !errors.Is(err, ErrRunOnce) {
		t.Errorf("run after close: %v", err)
	}
}

func TestNoSuchInterface(t *testing.T) {
	for name, make := range sources {
		err := make(LiveOptions{Interface: "nosuch0"}).Open()
		if err == nil || !errors.Is(err, fs.ErrPermission) && !strings.Contains(err.Error(), `"nosuch0"`) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Without the capability the error names it and the next step.
func TestMissingCapability(t *testing.T) {
	err := netns.OnThread(func() error {
		if os.Geteuid() == 0 {
			var none [2]unix.CapUserData
			if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]); err != nil {
				t.Errorf("give up capabilities: %v", err)
			}
		}
		return NewLive(LiveOptions{}).Open()
	})
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"CAP_NET_RAW", "setcap cap_net_raw+ep", "root"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

// An interface that goes away ends Run with an error; one that is only down does not.
func TestInterfaceGoesAway(t *testing.T) {
	ns, far := newNamespace(t), newNamespace(t)
	veth(t, ns, far, "m0")
	ring := NewRing(LiveOptions{Interface: "m0", Blocks: 4})
	openIn(t, ns, ring)
	ns.IP(t, "link set m0 down")
	ns.IP(t, "link set m0 up")
	ended := goRun(ns, ring)
	ns.IP(t, "link del m0")
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "gone") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("Run goes on without its interface")
	}
}

// The kernel tells a packet socket that its interface went down, then no more; and a raw socket nothing at all.
func TestInterfaceGoesDownAndAway(t *testing.T) {
	for name, make := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ns, far := newNamespace(t), newNamespace(t)
			veth(t, ns, far, "m0")
			source := make(LiveOptions{Interface: "m0", Blocks: 4})
			openIn(t, ns, source)
			ended := goRun(ns, source)
			ns.IP(t, "link set m0 down")
			select {
			case err := <-ended:
				t.Fatalf("ended because the interface is down: %v", err)
			case <-time.After(2 * expireEvery): // that it is down must have been noticed
			}
			ns.IP(t, "link del m0")
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), "gone") {
					t.Errorf("got %v", err)
				}
			case <-time.After(patience):
				t.Fatal("Run goes on without its interface")
			}
		})
	}
}

// goRun runs a source in a namespace.
func goRun(ns namespace, source Source) <-chan error {
	ended := make(chan error, 1)
	go func() {
		ended <- ns.Do(func() error { return source.Run(context.Background(), Each(func(*Datagram) {})) })
	}()
	return ended
}
