package network

import (
	"encoding/binary"
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Drop is the least that XDP can do on an interface: a program of two instructions that drops every packet.
type Drop struct{ program, link int }

// What the kernel is given the addresses of; variables of a package stay where they are.
var (
	dropAll = [16]byte{0: 0xB7, 4: 1, 8: 0x95} // "r0 = XDP_DROP; exit" (linux/bpf.h)
	license = [...]byte{'M', 'I', 'T', 0}
)

// NewDrop attaches the program to the receiver's end, in the driver. It takes CAP_BPF and CAP_NET_ADMIN.
func (l *Link) NewDrop() (*Drop, error) {
	d := &Drop{}
	err := l.Receiver.Do(func() (err error) {
		i, err := net.InterfaceByName(Interface)
		if err != nil {
			return err
		}
		if d.program, err = loadDrop(); err != nil {
			return fmt.Errorf("load: %w", err)
		}
		if d.link, err = attachXDP(d.program, i.Index); err != nil {
			_ = unix.Close(d.program)
			return fmt.Errorf("attach: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("XDP program that drops all: %w", err)
	}
	return d, nil
}

// Close detaches it.
func (d *Drop) Close() error {
	_ = unix.Close(d.program)
	return unix.Close(d.link)
}

// loadDrop calls bpf(BPF_PROG_LOAD); the offsets are those of union bpf_attr.
func loadDrop() (fd int, err error) {
	var attr [48]byte
	binary.NativeEndian.PutUint32(attr[0:], unix.BPF_PROG_TYPE_XDP)
	binary.NativeEndian.PutUint32(attr[4:], uint32(len(dropAll)/8))
	binary.NativeEndian.PutUint64(attr[8:], uint64(uintptr(unsafe.Pointer(&dropAll))))
	binary.NativeEndian.PutUint64(attr[16:], uint64(uintptr(unsafe.Pointer(&license))))
	return bpf(unix.BPF_PROG_LOAD, attr[:])
}

// inDriver is XDP_FLAGS_DRV_MODE: not in the generic path behind it.
const inDriver = 1 << 2

// attachXDP calls bpf(BPF_LINK_CREATE): the program goes when the link is closed.
func attachXDP(program, index int) (fd int, err error) {
	var attr [48]byte
	binary.NativeEndian.PutUint32(attr[0:], uint32(program))
	binary.NativeEndian.PutUint32(attr[4:], uint32(index))
	binary.NativeEndian.PutUint32(attr[8:], unix.BPF_XDP)
	binary.NativeEndian.PutUint32(attr[12:], inDriver)
	return bpf(unix.BPF_LINK_CREATE, attr[:])
}

func bpf(command int, attr []byte) (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(unsafe.Pointer(&attr[0])), uintptr(len(attr)))
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}
