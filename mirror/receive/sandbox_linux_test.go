package receive

import (
	"context"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// forbid makes a system call fail for the thread, as a sandbox does.
func forbid(call uint32, errno unix.Errno) error {
	const returnErrno = 0x00050000 // SECCOMP_RET_ERRNO
	const allow = 0x7FFF0000       // SECCOMP_RET_ALLOW
	filter, err := assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4}, // seccomp_data.nr
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: call, SkipFalse: 1},
		bpf.RetConstant{Val: returnErrno | uint32(errno)},
		bpf.RetConstant{Val: allow},
	})
	if err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// Where datagrams cannot be read in batches they are read one by one, and it is
// said why; and why there is no ring either. That there is no timer to nap by stops
// nothing.
func TestPlainReads(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOSYS, unix.EPERM} {
		ns := newNamespace(t)
		ns.addIPv6(t)
		source := NewLive(LiveOptions{BlockSize: 1000}) // no multiple of a page: refused by the kernel
		ready, more := make(chan struct{}), make(chan []byte)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() {
			ended <- ns.Do(func() error {
				for _, call := range []uint32{unix.SYS_RECVMMSG, unix.SYS_TIMERFD_CREATE} {
					if err := forbid(call, errno); err != nil {
						return err
					}
				}
				if err := source.Open(); err != nil {
					return err
				}
				close(ready)
				return source.Run(ctx, Each(func(d *Datagram) { more <- append([]byte(nil), d.Payload...) }))
			})
		}()
		select {
		case <-ready:
		case err := <-ended:
			t.Fatal(err)
		}
		if d := source.Describe(); d.Kind != KindPlain || !strings.Contains(d.Reason, "no packet ring") || !strings.Contains(d.Reason, "no reading in batches") || d.Workers != 1 {
			t.Errorf("%v: got %+v", errno, d)
		}
		s := newSender(t, ns)
		for _, b := range [][]byte{fence4(), ipv6(v6a, v6b, 47, fence)} {
			s.send(b)
			select {
			case got := <-more:
				if string(got) != string(fence) {
					t.Errorf("got %x", got)
				}
			case <-time.After(patience):
				t.Fatal("nothing comes")
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// More datagrams than a batch holds come whole and in order.
func TestBatchesInOrder(t *testing.T) {
	ns := newNamespace(t)
	source := NewRaw(LiveOptions{})
	openIn(t, ns, source)
	if d := source.Describe(); d.Kind != KindRaw || d.Reason != "" {
		t.Errorf("got %+v", d)
	}
	s := newSender(t, ns)
	const sent = 5*batchLen + 7
	for n := range sent {
		s.send(ipv4(v4a, v4b, 47, part{}, greOf(n*3)))
	}
	r := runIn(t, ns, source)
	for n, k := range r.first(sent) {
		if string(k.Payload) != string(greOf(n*3)) || k.Src() != v4a || k.Dst() != v4b {
			t.Fatalf("datagram %d: %+v", n, k)
		}
	}
}
