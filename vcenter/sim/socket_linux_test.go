package sim_test

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestRealPackets captures on loopback what the hosts send, with a raw socket,
// which sees datagrams that the kernel has put together again.
func TestRealPackets(t *testing.T) {
	t.Parallel()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_GRE)
	if err != nil {
		t.Skipf("this process may not open a raw socket (%v), so real packets cannot be captured", err)
	}
	defer unix.Close(fd)
	// An address of its own: other tests of this machine send to 127.0.0.1.
	to := netip.AddrFrom4([4]byte{127, 77, 3, 1})
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: to.As4()}); err != nil {
		t.Fatal(err)
	}
	timeout := unix.NsecToTimeval(int64(5 * time.Second))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
	s := start(t, sim.Options{Emit: sim.EmitSocket, Interval: 2 * time.Millisecond})
	web, db := vm(t, s, "web-01").NICs[0].PortKey, vm(t, s, "web-02").NICs[0].PortKey
	if _, err := s.AddForeignSession(sim.SessionSpec{
		Name: "real", Enabled: true, FromVM: []string{web, db}, ToVM: []string{web, db},
		Destinations: []string{to.String(), "192.0.2.1", "::1"}, Encapsulation: "erspan3", ERSPANID: 9,
	}); err != nil {
		t.Fatal(err)
	}
	sources := map[netip.Addr]int{}
	big := 0
	buffer := make([]byte, 65536)
	for range 400 {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		for err == unix.EINTR { // the runtime preempts with signals
			n, _, err = unix.Recvfrom(fd, buffer, 0)
		}
		if err != nil {
			t.Fatalf("after %v packets: %v", sources, err)
		}
		head := int(buffer[0]&15) * 4
		m := parse(t, buffer[head:n])
		source, _ := netip.AddrFromSlice(buffer[12:16])
		sources[source]++
		if n > 1500 {
			big++
		}
		if m.protocol != 0x22eb || m.session != 9 {
			t.Fatalf("protocol %#x, session %d", m.protocol, m.session)
		}
	}
	if len(sources) != 2 || sources[netip.MustParseAddr("127.1.0.1")] == 0 || sources[netip.MustParseAddr("127.1.0.2")] == 0 {
		t.Errorf("packets by source: %v", sources)
	}
	if big == 0 {
		t.Error("no packet was longer than the path's MTU")
	}
	got := s.State().Counters
	if got.Refused == 0 || got.Unreachable == 0 || got.Failed != 0 || got.Emitted == 0 {
		t.Errorf("counters: %+v; want those to 192.0.2.1 refused and those to ::1 unreachable", got)
	}
}
