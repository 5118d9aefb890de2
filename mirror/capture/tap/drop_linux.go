package tap

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Of linux/pkt_sched.h, pkt_cls.h and if_ether.h.
const (
	clsactHandle  = 0xFFFF_0000
	clsactParent  = 0xFFFF_FFF1
	ingressParent = 0xFFFF_FFF2
	firstPriority = 1 << 16

	tcaKind        = 1
	tcaOptions     = 2
	tcaBPFOpsLen   = 4
	tcaBPFOps      = 5
	tcaBPFFlags    = 8
	actDirect      = 1 // what the program returns is what is done
	actShot        = 2 // drop it
	returnConstant = 6 // BPF_RET | BPF_K
)

// dropBehind drops what comes in on a device, behind the packet sockets that look at it and before any protocol. It goes with the device.
func dropBehind(index uint32) error {
	socket, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(socket) }()
	if err := request(socket, unix.RTM_NEWQDISC, attribute(traffic(index, clsactHandle, clsactParent, 0), tcaKind, []byte("clsact\x00"))); err != nil {
		return fmt.Errorf("adding clsact: %w", err)
	}
	program := binary.NativeEndian.AppendUint16(nil, returnConstant)
	program = binary.NativeEndian.AppendUint32(append(program, 0, 0), actShot)
	options := attribute(nil, tcaBPFOpsLen, binary.NativeEndian.AppendUint16(nil, 1))
	options = attribute(options, tcaBPFOps, program)
	options = attribute(options, tcaBPFFlags, binary.NativeEndian.AppendUint32(nil, actDirect))
	message := traffic(index, 0, ingressParent, firstPriority|uint32(networkOrder(unix.ETH_P_ALL)))
	message = attribute(message, tcaKind, []byte("bpf\x00"))
	message = attribute(message, tcaOptions, options)
	if err := request(socket, unix.RTM_NEWTFILTER, message); err != nil {
		return fmt.Errorf("adding a BPF filter: %w", err)
	}
	return nil
}

func networkOrder(v uint16) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, v))
}

// traffic is a struct tcmsg.
func traffic(index, handle, parent, info uint32) []byte {
	b := make([]byte, 4, 128) // family and padding
	b = binary.NativeEndian.AppendUint32(b, index)
	b = binary.NativeEndian.AppendUint32(b, handle)
	b = binary.NativeEndian.AppendUint32(b, parent)
	return binary.NativeEndian.AppendUint32(b, info)
}

// attribute appends a struct rtattr and its value.
func attribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

// request sends one message that makes something new, and returns what the kernel says to it.
func request(socket int, kind uint16, body []byte) error {
	b := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	b = append(b, make([]byte, 8)...) // sequence and port
	if err := unix.Sendto(socket, append(b, body...), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(socket, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR {
		return errors.New("the kernel's answer is none")
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
