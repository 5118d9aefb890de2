package receive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// v4c is an address of the loopback interface that nothing is dropped for.
var v4c = netip.MustParseAddr("127.0.0.9")

// dropWays are the ways to attach, each of which must pass the same tests.
var dropWays = []string{"tcx", "clsact"}

// hasTCX reports whether this kernel has tcx, which came with Linux 6.6.
var hasTCX = sync.OnceValue(func() bool {
	const loopback = 1
	_, err := link.QueryPrograms(link.QueryOptions{Target: loopback, Attach: ebpf.AttachTCXIngress})
	return !errors.Is(err, unix.EINVAL)
})

// needsWay skips the test where the kernel has no such way.
func needsWay(t *testing.T, way string) {
	t.Helper()
	if way == "tcx" && !hasTCX() {
		t.Skip("needs tcx: Linux 6.6")
	}
}

// holdDrop attaches by the given way on one interface of the network namespace of
// the thread. What it returns takes it away again.
func holdDrop(way, on string, addresses ...netip.Addr) (f *dropFilter, release func() error, err error) {
	l, err := openLinks()
	if err != nil {
		return nil, nil, err
	}
	t, err := l.read()
	if err != nil {
		return nil, nil, err
	}
	index, err := interfaceIndex(on)
	if err != nil {
		return nil, nil, err
	}
	f = newDropFilter(addresses, false, l)
	for f.ways[0].name() != way {
		f.ways = f.ways[1:]
	}
	f.follow(t, map[int]bool{index: true})
	release = func() error {
		defer l.close()
		return f.close()
	}
	if d := f.describe(); d.Way != way || d.Reason != "" {
		return nil, nil, errors.Join(fmt.Errorf("not attached: %+v", d), release())
	}
	return f, release, nil
}

func (ns namespace) holdDrop(t *testing.T, way, on string, addresses ...netip.Addr) (release func()) {
	t.Helper()
	needsWay(t, way)
	var free func() error
	ns.Must(t, func() (err error) {
		_, free, err = holdDrop(way, on, addresses...)
		return err
	})
	return func() {
		t.Helper()
		ns.Must(t, free)
	}
}

// tc runs the tc command in the namespace and returns what it prints.
func (ns namespace) tc(t *testing.T, arguments string) string {
	t.Helper()
	command, err := exec.LookPath("tc")
	if err != nil {
		t.Skip("needs the tc command of iproute2")
	}
	var out []byte
	err = ns.Do(func() (err error) {
		out, err = exec.Command(command, strings.Fields(arguments)...).CombinedOutput()
		return err
	})
	if err != nil {
		t.Fatalf("tc %s: %v: %s", arguments, err, out)
	}
	return string(out)
}

// attachedTo counts the programs that tcx has at the ingress of an interface.
func (ns namespace) attachedTo(t *testing.T, on string) int {
	t.Helper()
	n := 0
	if !hasTCX() {
		return n
	}
	ns.Must(t, func() error {
		index, err := interfaceIndex(on)
		if err != nil {
			return err
		}
		result, err := link.QueryPrograms(link.QueryOptions{Target: index, Attach: ebpf.AttachTCXIngress})
		if err == nil {
			n = len(result.Programs)
		}
		return err
	})
	return n
}

// What the ring has taken, fragments and IPv6 too, does not get to a raw socket of
// the same host; what is sent to other addresses does, and so does all afterwards.
func TestDropBehindTheRing(t *testing.T) {
	for _, way := range dropWays {
		t.Run(way, func(t *testing.T) {
			ns := newNamespace(t)
			ns.addIPv6(t)
			ring, stack := NewRing(LiveOptions{Interface: "lo", Blocks: 4}), NewRaw(LiveOptions{})
			openIn(t, ns, ring)
			openIn(t, ns, stack)
			inRing, inStack, s := runIn(t, ns, ring), runIn(t, ns, stack), newSender(t, ns)
			release := ns.holdDrop(t, way, "lo", v4b, v6b)
			s.send(ipv4(v4a, v4b, 47, part{}, greOf(100)))
			s.send(split4(greOf(4000), 7, 1480)...)
			s.send(ipv6(v6a, v6b, 47, greOf(200)))
			s.send(split6(greOf(4000), 8, 1448)...)
			fenceC := ipv4(v4a, v4c, 47, part{}, fence)
			s.send(ipv6(v6b, v6a, 47, fence), fenceC)
			if got := inStack.first(2); len(got) != 2 || !bytes.Equal(got[0].Payload, fence) || !bytes.Equal(got[1].Payload, fence) {
				t.Errorf("the stack has got %d datagrams, want only the two to other addresses", len(got))
			}
			if got := inRing.first(6); !bytes.Equal(got[5].Payload, fence) {
				t.Errorf("the ring has got %+v, want six datagrams", got)
			}
			release()
			s.send(ipv4(v4a, v4b, 47, part{}, greOf(100)))
			if got := inStack.first(3); !bytes.Equal(got[2].Payload, greOf(100)) {
				t.Errorf("after the release the stack has got %+v", got[2])
			}
		})
	}
}

// What others have put there stays: their qdisc, their filter, their program.
func TestDropLeavesOthersAlone(t *testing.T) {
	const theirs = "filter add dev lo ingress protocol ip prio 7 u32 match ip dport 9 0xffff flowid 1:1"
	t.Run("a qdisc that was there", func(t *testing.T) {
		ns := newNamespace(t)
		ns.tc(t, "qdisc add dev lo clsact")
		ns.tc(t, theirs)
		release := ns.holdDrop(t, "clsact", "lo", v4b)
		if shown := ns.tc(t, "filter show dev lo ingress"); !strings.Contains(shown, dropFilterPrefix) || !strings.Contains(shown, "u32") {
			t.Errorf("while attached:\n%s", shown)
		}
		release()
		if shown := ns.tc(t, "filter show dev lo ingress"); strings.Contains(shown, dropFilterPrefix) || !strings.Contains(shown, "u32") {
			t.Errorf("after it:\n%s", shown)
		}
	})
	t.Run("a qdisc that came to be used", func(t *testing.T) {
		ns := newNamespace(t)
		release := ns.holdDrop(t, "clsact", "lo", v4b)
		ns.tc(t, strings.Replace(theirs, "ingress", "egress", 1))
		release()
		if shown := ns.tc(t, "filter show dev lo egress"); !strings.Contains(shown, "u32") {
			t.Errorf("their filter is gone:\n%s", shown)
		}
	})
	t.Run("a qdisc of our own goes", func(t *testing.T) {
		ns := newNamespace(t)
		release := ns.holdDrop(t, "clsact", "lo", v4b)
		if shown := ns.tc(t, "qdisc show dev lo"); !strings.Contains(shown, "clsact") {
			t.Errorf("while attached:\n%s", shown)
		}
		release()
		if shown := ns.tc(t, "qdisc show dev lo"); strings.Contains(shown, "clsact") {
			t.Errorf("it stays:\n%s", shown)
		}
	})
	t.Run("a program", func(t *testing.T) {
		ns := newNamespace(t)
		releaseTheirs := ns.holdDrop(t, "tcx", "lo", v4c)
		release := ns.holdDrop(t, "tcx", "lo", v4b)
		if n := ns.attachedTo(t, "lo"); n != 2 {
			t.Errorf("%d programs, want 2", n)
		}
		release()
		if n := ns.attachedTo(t, "lo"); n != 1 {
			t.Errorf("%d programs after the release, want the other one", n)
		}
		releaseTheirs()
	})
}

// holdEnvironment makes TestHoldDrop the process that TestDropOfKilledProcess kills.
const holdEnvironment = "VSPAN_TEST_HOLD_DROP"

func TestHoldDrop(t *testing.T) {
	way := os.Getenv(holdEnvironment)
	if way == "" {
		t.Skip("serves another test")
	}
	if _, _, err := holdDrop(way, "lo", v4b); err != nil {
		t.Fatal(err)
	}
	fmt.Println("held")
	time.Sleep(time.Minute) // until it is killed: one that waits for nothing the runtime ends by itself, without cgo, as a deadlock
}

// A killed process leaves nothing behind by tcx; what it leaves by clsact goes when
// the next one starts, and not while it lives.
func TestDropOfKilledProcess(t *testing.T) {
	for _, way := range dropWays {
		t.Run(way, func(t *testing.T) {
			needsWay(t, way)
			ns := newNamespace(t)
			child := exec.Command(os.Args[0], "-test.run=^TestHoldDrop$")
			child.Env = append(os.Environ(), holdEnvironment+"="+way)
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			ns.Must(t, child.Start)
			lines := bufio.NewScanner(out)
			if !lines.Scan() || lines.Text() != "held" {
				t.Fatalf("the child says %q", lines.Text())
			}
			ns.holdDrop(t, way, "lo", v4c)() // another process comes and goes
			if ours, tcxs := strings.Count(ns.tc(t, "filter show dev lo ingress"), dropFilterPrefix), ns.attachedTo(t, "lo"); way == "tcx" && tcxs != 1 || way == "clsact" && ours != 1 {
				t.Errorf("while the child lives: %d filters, %d programs", ours, tcxs)
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // it was killed
			if way == "clsact" {
				if shown := ns.tc(t, "filter show dev lo ingress"); !strings.Contains(shown, dropFilterPrefix) {
					t.Fatalf("the filter died with its process: this test could not fail\n%s", shown)
				}
				ns.holdDrop(t, "clsact", "lo", v4c)()
				if shown := ns.tc(t, "filter show dev lo ingress") + ns.tc(t, "qdisc show dev lo"); strings.Contains(shown, dropFilterPrefix) || strings.Contains(shown, "clsact") {
					t.Errorf("after the next start:\n%s", shown)
				}
				return
			}
			// The kernel takes the program away some moments after the process.
			for began := time.Now(); ns.attachedTo(t, "lo") != 0; {
				if time.Since(began) > patience {
					t.Fatal("the program outlives its process")
				}
			}
		})
	}
}

// On all interfaces the program goes where mirrors come in; when that becomes the
// port of a bridge it leaves, and meanwhile nothing is lost.
func TestDropFollowsTheInterfaces(t *testing.T) {
	here, there := newNamespace(t), newNamespace(t)
	veth(t, here, there, "m0")
	here.IP(t, "link add br0 type bridge")
	here.IP(t, "link set br0 up")
	ring := NewRing(LiveOptions{Blocks: 32, DropFor: []netip.Addr{hereIP}})
	openIn(t, here, ring)
	if d := ring.Describe(); d.Drop.Way != "" || d.Drop.Reason != "no mirror has come in yet" || len(d.Warnings) != 0 {
		t.Errorf("before: %+v", d)
	}
	r := runIn(t, here, ring)
	sent := 0
	sendUntil := func(what string, done func() bool) {
		t.Helper()
		for began := time.Now(); !done(); {
			if time.Since(began) > patience {
				t.Fatalf("waited for: %s: %+v", what, ring.Describe().Drop)
			}
			number := binary.BigEndian.AppendUint32(slices.Clone(greHeader), uint32(sent))
			there.Transmit(t, "m0", broadcast(0x0800, mirrorTo(number)))
			sent++
		}
	}
	on := func(names ...string) func() bool {
		return func() bool { return slices.Equal(ring.Describe().Drop.Interfaces, names) }
	}
	sendUntil("the program on m0", on("m0"))
	here.IP(t, "link set m0 master br0")
	sendUntil("the program on br0 alone", on("br0"))
	if n := here.attachedTo(t, "m0"); n != 0 {
		t.Errorf("%d programs are left on the port", n)
	}
	there.Transmit(t, "m0", broadcast(0x0800, mirrorTo(fence)))
	seen := map[uint32]bool{} // some of them twice, in the moment of the change
	for _, k := range r.take(fence) {
		seen[binary.BigEndian.Uint32(k.Payload[len(greHeader):])] = true
	}
	if len(seen) != sent {
		t.Errorf("%d of %d datagrams: %+v", len(seen), sent, ring.Counters())
	}
}

// A ring on a port that was asked for takes what comes in there, and so it ends there.
func TestDropAtThePortAskedFor(t *testing.T) {
	here, there := newNamespace(t), newNamespace(t)
	veth(t, here, there, "m0")
	here.IP(t, "link add br0 type bridge")
	here.IP(t, "link set m0 master br0")
	here.IP(t, "link set br0 up")
	port, bridge := NewRing(LiveOptions{Interface: "m0", Blocks: 4, DropFor: []netip.Addr{hereIP}}), NewRing(LiveOptions{Interface: "br0", Blocks: 4})
	openIn(t, here, port)
	openIn(t, here, bridge)
	if d := port.Describe().Drop; !slices.Equal(d.Interfaces, []string{"m0"}) || d.Reason != "" {
		t.Errorf("got %+v", d)
	}
	atPort, atBridge := runIn(t, here, port), runIn(t, here, bridge)
	elsewhere := ipv4(hereIP, thereIP, 47, part{}, fence)
	there.Transmit(t, "m0", broadcast(0x0800, mirrorTo(greOf(1))), broadcast(0x0800, elsewhere))
	if got := atPort.take(fence); len(got) != 1 {
		t.Errorf("%d datagrams at the port, want 1", len(got))
	}
	if got := atBridge.take(fence); len(got) != 0 {
		t.Errorf("%d datagrams got on to the bridge", len(got))
	}
}

// A tunnel of the host's own that ends at the receiver's address must not starve.
func TestDropSparesTunnels(t *testing.T) {
	up := netlink.LinkAttrs{Name: "tun0"}
	for name, test := range map[string]struct {
		link  netlink.Link
		spare bool
	}{
		"gre to the receiver":  {&netlink.Gretun{LinkAttrs: up, Local: hereIP.AsSlice()}, true},
		"gretap from anywhere": {&netlink.Gretap{LinkAttrs: up}, true},
		"external gretap":      {&netlink.Gretap{LinkAttrs: up, Local: []byte{0, 0, 0, 0}, FlowBased: true}, true},
		"erspan":               {&netlink.GenericLink{LinkAttrs: up, LinkType: "erspan"}, true},
		"gre to another":       {&netlink.Gretun{LinkAttrs: up, Local: thereIP.AsSlice()}, false},
		"vxlan":                {&netlink.Vxlan{LinkAttrs: up}, false},
	} {
		f := &dropFilter{addresses: []netip.Addr{v6a, hereIP}, program: new(ebpf.Program)}
		var topology topology
		if tunnel, ok := greTunnel(test.link); ok {
			topology.tunnels = append(topology.tunnels, tunnel)
		}
		f.follow(topology, map[int]bool{1: true})
		if got := strings.Contains(f.describe().Reason, "GRE tunnel tun0"); got != test.spare || got != (len(f.warnings()) > 0) {
			t.Errorf("%s: %+v, %q", name, f.describe(), f.warnings())
		}
	}
}

// Without the right to attach anything the ring receives, the host is silent, and
// it is said what that costs and what is missing.
func TestNoRightToDrop(t *testing.T) {
	ns := newNamespace(t)
	source := NewLive(LiveOptions{Interface: "lo", Blocks: 4, DropFor: []netip.Addr{v4b}})
	ns.Must(t, func() error {
		keep := unix.CapUserData{Effective: 1 << unix.CAP_NET_RAW, Permitted: 1 << unix.CAP_NET_RAW}
		data := [2]unix.CapUserData{keep}
		if err := unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &data[0]); err != nil {
			return err
		}
		return source.Open()
	})
	d := source.Describe()
	if d.Kind != KindRing || d.Reason != "" || d.Drop.Way != "" || !strings.Contains(d.Drop.Reason, "CAP_NET_ADMIN and CAP_BPF") {
		t.Errorf("got %+v", d)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "IP stack") {
		t.Errorf("warnings %q", d.Warnings)
	}
	r := runIn(t, ns, source)
	newSender(t, ns).send(fence4())
	r.take(fence)
}

func TestDropForTooManyAddresses(t *testing.T) {
	if _, err := newDropProgram(make([]netip.Addr, maxDropFor+1), true); err == nil || !strings.Contains(err.Error(), "33 addresses") {
		t.Errorf("got %v", err)
	}
}
