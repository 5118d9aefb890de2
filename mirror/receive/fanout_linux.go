//go:build !client

package receive

import (
	"fmt"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// join makes the socket one of a group whose packets the kernel divides. The first
// gets a group that no other process has; the others name it.
func (s *ringSocket) join(first bool, group int) (int, error) {
	kind := unix.PACKET_FANOUT_CBPF
	if first {
		kind |= unix.PACKET_FANOUT_FLAG_UNIQUEID
	}
	if err := unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, kind<<16|group); err != nil {
		return 0, fmt.Errorf("join the group of rings: %w", err)
	}
	if !first {
		return group, nil
	}
	all, err := unix.GetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
	if err != nil {
		return 0, fmt.Errorf("PACKET_FANOUT: %w", err)
	}
	return all & 0xFFFF, nil
}

// divide sets the program that chooses the ring of a packet.
func (s *ringSocket) divide(program []bpf.Instruction) error {
	filter, err := assemble(program)
	if err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.SetsockoptSockFprog(s.fd, unix.SOL_PACKET, unix.PACKET_FANOUT_DATA, &prog); err != nil {
		return fmt.Errorf("attach the program that divides packets: %w", err)
	}
	return nil
}
