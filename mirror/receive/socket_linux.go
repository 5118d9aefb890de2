//go:build !client

package receive

import (
	"encoding/binary"
	"fmt"
	"net"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// attachFilter sets the classic BPF program of a socket, atomically in place of
// the one it had.
func attachFilter(fd int, program []bpf.Instruction) error {
	filter, err := assemble(program)
	if err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog); err != nil {
		return fmt.Errorf("attach filter: %w", err)
	}
	return nil
}

// assemble turns a program into the form that the kernel takes.
func assemble(program []bpf.Instruction) ([]unix.SockFilter, error) {
	raw, err := bpf.Assemble(program)
	if err != nil {
		return nil, fmt.Errorf("assemble filter: %w", err)
	}
	filter := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		filter[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return filter, nil
}

// interfaceIndex is 0, which means all, for no name.
func interfaceIndex(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, fmt.Errorf("interface %q: %w", name, err)
	}
	return i.Index, nil
}

// meminfoDrops is the place of the drops in what SO_MEMINFO returns
// (SK_MEMINFO_DROPS of linux/sock_diag.h), meminfoLen how many values there are.
const (
	meminfoDrops = 8
	meminfoLen   = 9
)

// socketDrops returns how many packets the kernel dropped because the receive
// buffer was full, modulo 2^32, since the socket was opened. SO_MEMINFO is asked
// because SO_RXQ_OVFL says the same only together with the next packet that
// fits, which after an overload may be never.
func socketDrops(fd int) (uint32, error) {
	var values [meminfoLen]uint32
	size := uint32(unsafe.Sizeof(values))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&values)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, fmt.Errorf("SO_MEMINFO: %w", errno)
	}
	return values[meminfoDrops], nil
}

// networkOrder turns a protocol number into the form that the kernel stores.
func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}
