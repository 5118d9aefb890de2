//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror/receive/xdp/internal/hook"
	"github.com/vspan-io/vspan/mirror/receive/xdp/xdpbench"
)

// programAt is the id of the program at an interface of the namespace.
func (ns namespace) programAt(t *testing.T, name string) (id uint32) {
	t.Helper()
	index := ns.Index(t, name)
	must(t, ns.Do(func() (err error) {
		id, err = hook.ProgramAt(index)
		return err
	}))
	return id
}

func TestCloseDetaches(t *testing.T) {
	here, _ := veth(t, 1500)
	for _, mode := range []Mode{Native, Generic} {
		c := counterIn(t, here, Options{Interface: "m0", Mode: mode})
		must(t, here.Do(c.Open)) // does nothing
		if here.programAt(t, "m0") == 0 {
			t.Errorf("%s: nothing is attached", mode)
		}
		must(t, c.Close())
		if id := here.programAt(t, "m0"); id != 0 {
			t.Errorf("%s: program %d stays", mode, id)
		}
	}
}

// An interface that is removed takes the program along, and nothing fails.
func TestInterfaceGone(t *testing.T) {
	here, _ := veth(t, 1500)
	c := counterIn(t, here, Options{Interface: "m0"})
	here.IP(t, "link del m0")
	if _, err := c.Harvest(); err != nil {
		t.Error(err)
	}
	must(t, c.Close())
}

func TestCannotOpen(t *testing.T) {
	here, _ := veth(t, 1500)
	for name, o := range map[string]Options{
		"no interface": {},
		"no such one":  {Interface: "m7"},
		"no native":    {Interface: "lo", Mode: Native},
		"no such mode": {Interface: "m0", Mode: "fast"},
	} {
		c := New(o)
		if err := here.Do(c.Open); err == nil || errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), o.Interface) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Harvest(); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		must(t, c.Close())
	}
	refused := fmt.Errorf("load: %w", &ebpf.VerifierError{Cause: unix.EACCES})
	if err := advise(refused); !errors.Is(err, refused) || strings.Contains(err.Error(), "CAP_BPF") || !strings.Contains(err.Error(), "verifier") {
		t.Errorf("got %v", err)
	}
	if err := advise(unix.EPERM); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "CAP_BPF") {
		t.Error(err)
	}
}

// The plain variant takes over where packets of several buffers cannot be had,
// and generic mode where it cannot be attached either.
func TestFallsBack(t *testing.T) {
	here, _ := veth(t, 9000)
	p := newProgram(t, Options{}, 1)
	none := func() (*ebpf.Program, error) { return nil, errors.New("no frags here") }
	plain := func() (*ebpf.Program, error) { return p.code, nil }
	var attached *hook.Attached
	must(t, here.Do(func() (err error) {
		attached, err = hook.Attach("m0", Best, none, plain)
		return err
	}))
	if attached.Mode != Generic || attached.Variant != 1 || strings.Count(attached.Reason, "no frags here") != 1 ||
		!strings.Contains(attached.Reason, "native") {
		t.Errorf("%+v", attached)
	}
	must(t, attached.Close())
}

// foreign attaches a program to an interface as others do, and detaches it.
type foreign struct {
	name   string
	attach func(t *testing.T, ns namespace) (detach func() error)
}

var foreigners = []foreign{
	{"by a link, native", func(t *testing.T, ns namespace) func() error { return emptyDropIn(t, ns, "native").Close }},
	{"by a link, generic", func(t *testing.T, ns namespace) func() error { return emptyDropIn(t, ns, "generic").Close }},
	{"by netlink, native", func(t *testing.T, ns namespace) func() error { return attachByNetlink(t, ns, 1<<2) }},
	{"by netlink, generic", func(t *testing.T, ns namespace) func() error { return attachByNetlink(t, ns, 1<<1) }},
}

func emptyDropIn(t *testing.T, ns namespace, mode string) *xdpbench.EmptyDrop {
	t.Helper()
	var e *xdpbench.EmptyDrop
	must(t, ns.Do(func() (err error) {
		e, err = xdpbench.Attach("m0", mode)
		return err
	}))
	if e.Mode() != mode {
		t.Errorf("attached in %s mode", e.Mode())
	}
	return e
}

// attachByNetlink does what `ip link set dev m0 xdp` does.
func attachByNetlink(t *testing.T, ns namespace, flags uint32) (detach func() error) {
	t.Helper()
	program, err := xdpbench.NewEmptyDrop()
	must(t, err)
	index := ns.Index(t, "m0")
	must(t, ns.Do(func() error { return setXDP(index, program.FD(), flags) }))
	return func() error {
		return errors.Join(ns.Do(func() error { return setXDP(index, -1, flags) }), program.Close())
	}
}

// setXDP sends RTM_SETLINK with IFLA_XDP of IFLA_XDP_FD and IFLA_XDP_FLAGS.
func setXDP(index, fd int, flags uint32) error {
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(s) }()
	const setLink, requestAndAnswer, length = 19, 1 | 4, 16 + 16 + 4 + 8 + 8
	order := binary.NativeEndian
	b := order.AppendUint32(nil, length)
	b = order.AppendUint16(b, setLink)
	b = order.AppendUint16(b, requestAndAnswer)
	b = append(b, make([]byte, 8+4)...) // sequence, port; family and type
	b = order.AppendUint32(b, uint32(index))
	b = append(b, make([]byte, 8)...) // flags, change
	for _, word := range []uint32{20 | (43|1<<15)<<16, 8 | 1<<16, uint32(fd), 8 | 3<<16, flags} {
		b = order.AppendUint32(b, word)
	}
	if err := unix.Sendto(s, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(s, answer, 0)
	if err != nil {
		return err
	}
	if n < 20 {
		return errors.New("netlink answers with too little")
	}
	if code := int32(order.Uint32(answer[16:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}

// A program of somebody else is left alone, however it was attached, and said by
// name. When it is gone there is room, and then nobody can take ours away.
func TestTaken(t *testing.T) {
	for _, other := range foreigners {
		t.Run(other.name, func(t *testing.T) {
			here, _ := veth(t, 1500)
			detach := other.attach(t, here)
			id := here.programAt(t, "m0")
			if id == 0 {
				t.Fatal("the other program is not there: this test could not fail")
			}
			for _, mode := range []Mode{Best, Native, Generic} {
				err := here.Do(New(Options{Interface: "m0", Mode: mode}).Open)
				if !errors.Is(err, ErrTaken) || !strings.Contains(err.Error(), fmt.Sprintf("program %d, \"empty_drop\"", id)) {
					t.Errorf("%s: %v", mode, err)
				}
			}
			if now := here.programAt(t, "m0"); now != id {
				t.Errorf("program %d is there, %d was", now, id)
			}
			must(t, detach())
			counterIn(t, here, Options{Interface: "m0"})
			index := here.Index(t, "m0")
			if err := here.Do(func() error { return setXDP(index, -1, 1<<2) }); err == nil || here.programAt(t, "m0") == 0 {
				t.Errorf("our program can be removed: %v", err)
			}
		})
	}
}

const childVariable = "VSPAN_TEST_XDP_CHILD"

// TestChild is the process that TestKilled kills.
func TestChild(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		t.Skip("only as a child of TestKilled")
	}
	c := New(Options{Interface: "m0", Mode: Mode(os.Getenv(childVariable))})
	if err := c.Open(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("open")
	time.Sleep(time.Minute) // it is killed before; the test need not clean up after one that is not
}

// A process that is killed leaves no program behind.
func TestKilled(t *testing.T) {
	for _, mode := range []Mode{Native, Generic} {
		t.Run(string(mode), func(t *testing.T) {
			here, _ := veth(t, 1500)
			child := exec.Command(os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), childVariable+"="+string(mode))
			out, err := child.StdoutPipe()
			must(t, err)
			must(t, here.Do(child.Start))
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil || line != "open\n" {
				_, _ = child.Process.Kill(), child.Wait()
				t.Fatalf("the child says %q, %v", line, err)
			}
			if here.programAt(t, "m0") == 0 {
				t.Error("the child has attached nothing")
			}
			must(t, child.Process.Kill())
			_ = child.Wait()
			for began := time.Now(); here.programAt(t, "m0") != 0; {
				if time.Since(began) > 10*time.Second {
					t.Fatal("the program stays")
				}
				time.Sleep(time.Millisecond) // the kernel frees what the process had when it comes to it
			}
		})
	}
}
