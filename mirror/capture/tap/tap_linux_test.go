package tap

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/netns/netnstest"
)

const deviceUnderTest = "mirror0"

// stage is a packet path, and a device in a namespace of its own.
type stage struct {
	t      testing.TB
	ns     netnstest.Namespace
	feed   *capture.Feed
	output *Output
	stop   func()
}

func begin(t testing.TB, ns netnstest.Namespace, mtu int) *stage {
	t.Helper()
	broker := capture.NewBroker()
	s := &stage{t: t, ns: ns, feed: broker.Feed(0)}
	frames := broker.Subscribe(capture.Want{All: true, Lasting: true})
	var err error
	if s.output, err = New(Options{Device: deviceUnderTest, MTU: mtu, Frames: frames, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- ns.Do(func() error { return s.output.Run(ctx) }) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		frames.Close()
		s.stop = func() {}
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// patience is far above what anything here takes.
const patience = 20 * time.Second

// until waits for what another goroutine and the kernel do.
func (s *stage) until(what string, ok func(Status) bool) {
	s.t.Helper()
	for began := time.Now(); !ok(s.output.Status()); time.Sleep(time.Millisecond) { // the kernel has no channel to wait on
		if time.Since(began) > patience {
			s.t.Fatalf("%s: it never happened: %+v", what, s.output.Status())
		}
	}
}

func works(s Status) bool { return s.Stopped == "" }

// send sends frames as mirrors of encapsulation gre.
func (s *stage) send(frames ...[]byte) {
	for _, b := range frames {
		s.carry([]byte{0, 0, 0x65, 0x58}, b)
	}
	s.feed.Flush()
}

func (s *stage) carry(header, frame []byte) {
	s.feed.Offer(&capture.Original{Time: time.Now(), Source: netip.AddrFrom4([4]byte{10, 0, 0, 11}), Payload: append(header, frame...), UID: "u1"})
}

// frame is one of so many bytes, between two stations or to everybody.
func frame(n int, dst byte, kind uint16) []byte {
	b := make([]byte, n)
	for i := range 6 {
		b[i] = dst
	}
	copy(b[6:], "\x00\x50\x56\x00\x00\x01")
	binary.BigEndian.PutUint16(b[12:], kind)
	for i := 14; i < n; i++ {
		b[i] = byte(n + i)
	}
	return b
}

// sniffer is tcpdump on the device.
type sniffer struct {
	t    testing.TB
	cmd  *exec.Cmd
	path string
}

func sniff(t testing.TB, ns netnstest.Namespace) *sniffer {
	t.Helper()
	program, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Skip("needs tcpdump")
	}
	s := &sniffer{t: t, path: filepath.Join(t.TempDir(), "device.pcap")}
	var said io.ReadCloser
	err = ns.Do(func() (err error) {
		s.cmd = exec.Command(program, "-i", deviceUnderTest, "-U", "--immediate-mode", "-B", "65536", "-s", "0", "-Z", "root", "-w", s.path)
		if said, err = s.cmd.StderrPipe(); err != nil {
			return err
		}
		return s.cmd.Start()
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.cmd.Process.Kill(), s.cmd.Wait() })
	line, err := bufio.NewReader(said).ReadString(',')
	if err != nil || !strings.Contains(line, "listening on "+deviceUnderTest) {
		t.Fatalf("tcpdump says %q: %v", line, err)
	}
	return s
}

// frames waits until tcpdump has seen last, and returns all that it has seen.
func (s *sniffer) frames(last []byte) [][]byte {
	s.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) { // tcpdump has no channel to wait on
		all := s.read()
		if len(all) > 0 && bytes.Equal(all[len(all)-1], last) {
			return all
		}
	}
	s.t.Fatalf("tcpdump has not seen the last frame, but %d", len(s.read()))
	return nil
}

func (s *sniffer) read() (list [][]byte) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	r, err := pcapgo.NewReader(f)
	if err != nil {
		return nil
	}
	for {
		b, _, err := r.ReadPacketData()
		if err != nil {
			return list
		}
		list = append(list, b)
	}
}

// What tcpdump sees on the device are the mirrored frames, as they were, and nothing else.
func TestTcpdumpSeesTheFrames(t *testing.T) {
	ns := netnstest.New(t)
	s := begin(t, ns, 0)
	s.until("making the device", works)
	tcpdump := sniff(t, ns)
	var want [][]byte
	for _, n := range []int{14, 60, 333, 1514, 9014, 65_000, 65_511} {
		want = append(want, frame(n, 2, 0x88B5), frame(n, 0xFF, 0x88B5))
	}
	want = append(want, frame(100, 0xFF, 0x0800), frame(100, 0xFF, 0x0806), frame(100, 1, 0x86DD))
	tagged := append(append(frame(12+2, 2, 0x8100)[:14], 0x30, 42, 0x88, 0xB5), make([]byte, 50)...)
	want = append(want, tagged)
	s.send(want...)
	ip := append([]byte{0x45, 0, 0, 40, 0, 1, 0, 0, 64, 253, 0, 0, 10, 1, 0, 1, 10, 1, 0, 2}, make([]byte, 20)...)
	s.carry([]byte{0x10, 0, 0x22, 0xEB, 0, 0, 0, 1, 0x20, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0x88, 0}, ip) // Type III of an IP packet
	want = append(want, append([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00"), ip...))
	last := frame(64, 2, 0x88B6)
	s.send(last)
	got := tcpdump.frames(last)
	want = append(want, last)
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("frame %d: %d bytes, want %d\n got %.60x\nwant %.60x", i, len(got[i]), len(want[i]), got[i], want[i])
		}
	}
	if st := s.output.Status(); st.Frames != uint64(len(want)) || st.TooLong+st.Refused+st.Lost != 0 {
		t.Errorf("%+v", st)
	}
	link := ns.Run(t, "ip -s -d link show "+deviceUnderTest)
	if tx := strings.Fields(link[strings.Index(link, "TX:"):]); len(tx) < 9 || tx[7] != "0" || tx[8] != "0" {
		t.Errorf("the kernel sent something of its own: %s", link)
	}
	if addresses := ns.Run(t, "ip address show "+deviceUnderTest); strings.Contains(addresses, "inet") || !strings.Contains(addresses, "NOARP") {
		t.Errorf("it has addresses, or ARP: %s", addresses)
	}
	s.stop()
	if list := ns.Run(t, "ip link"); strings.Contains(list, deviceUnderTest) {
		t.Errorf("the device is still there: %s", list)
	}
}

// A mirrored broadcast must not reach the services of this machine. Without the filter it does.
func TestNothingReachesTheStack(t *testing.T) {
	ns := netnstest.New(t)
	s := begin(t, ns, 0)
	s.until("making the device", works)
	var service *net.UDPConn
	err := ns.Do(func() (err error) {
		service, err = net.ListenUDP("udp4", &net.UDPAddr{Port: 6767})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	ip := append([]byte{0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255}, 0x1A, 0x6F, 0x1A, 0x6F, 0, 12, 0, 0, 'b', 'o', 'o', 't')
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
	discover := append(frame(14, 0xFF, 0x0800), ip...)
	arrives := func(patience time.Duration) bool {
		t.Helper()
		s.send(discover)
		if err := service.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		_, err := service.Read(make([]byte, 100))
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		return err == nil
	}
	if arrives(200 * time.Millisecond) {
		t.Error("a mirrored broadcast reached a service of this machine")
	}
	ns.Run(t, "tc qdisc del dev "+deviceUnderTest+" clsact")
	if !arrives(patience) {
		t.Error("without the filter nothing arrives either: the test shows nothing")
	}
}

// A device that is there already is somebody's.
func TestDeviceOfSomebodyElse(t *testing.T) {
	ns := netnstest.New(t)
	ns.Run(t, "ip tuntap add "+deviceUnderTest+" mode tap")
	before := ns.Run(t, "ip -d link show "+deviceUnderTest)
	s := begin(t, ns, 0)
	s.until("refusing", func(st Status) bool { return strings.Contains(st.Stopped, "already") })
	s.send(frame(60, 2, 0x88B5))
	if after := ns.Run(t, "ip -d link show "+deviceUnderTest); after != before {
		t.Errorf("it was touched:\n%s\n%s", before, after)
	}
	ns.Run(t, "ip tuntap del "+deviceUnderTest+" mode tap")
	s.until("making the device", works)
	if st := s.output.Status(); st.Refused != 1 {
		t.Errorf("what waited for the device: %+v", st)
	}
}

// A device that is set down and up again, or removed, comes back.
func TestDeviceThatIsMeddledWith(t *testing.T) {
	ns := netnstest.New(t)
	s := begin(t, ns, 0)
	s.until("making the device", works)
	ns.Run(t, "ip link set "+deviceUnderTest+" down")
	s.send(frame(60, 2, 0x88B5))
	s.until("noticing that it is down", func(st Status) bool { return st.Refused == 1 && strings.Contains(st.Stopped, "ip link set") })
	ns.Run(t, "ip link set "+deviceUnderTest+" up")
	s.send(frame(60, 2, 0x88B5))
	s.until("going on", func(st Status) bool { return st.Frames == 1 && works(st) })
	ns.Run(t, "ip link del "+deviceUnderTest)
	s.send(frame(60, 2, 0x88B5))
	s.until("noticing that it is gone", func(st Status) bool { return strings.Contains(st.Stopped, "removed") })
	s.until("making it again", works)
	ns.Run(t, "ip link show "+deviceUnderTest)
	s.send(frame(60, 2, 0x88B5))
	s.until("going on", func(st Status) bool { return st.Frames == 2 })
}

func TestFramesAboveTheMTU(t *testing.T) {
	ns := netnstest.New(t)
	s := begin(t, ns, 1500)
	s.until("making the device", works)
	s.send(frame(1518, 2, 0x88B5), frame(1519, 2, 0x88B5), frame(9000, 2, 0x88B5), frame(1514, 2, 0x88B5))
	s.until("writing", func(st Status) bool { return st.Frames == 2 && st.TooLong == 2 && st.Bytes == 1518+1514 })
}

func TestNewRefuses(t *testing.T) {
	for name, mtu := range map[string]int{
		"": 0, "a/b": 0, "tap%d": 0, "..": 0, "0123456789abcdef": 0, "a b": 0, "a:b": 0, "é": 0, "mtu-below": 100, "mtu-above": 65_522,
	} {
		if _, err := New(Options{Device: name, MTU: mtu}); err == nil {
			t.Errorf("%q with an MTU of %d is accepted", name, mtu)
		}
	}
}
