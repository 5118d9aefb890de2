package hook

import (
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
	"unsafe"

	"github.com/cilium/ebpf"
)

// Attributes of linux/if_link.h.
const (
	attributeXDP   = 43 // IFLA_XDP, with the next in it
	xdpProgramID   = 4  // IFLA_XDP_PROG_ID, of the one program there is, or else
	xdpHardwareID  = 7  // up to IFLA_XDP_HW_PROG_ID, one for each mode
	attributeFlags = 3 << 14
)

// taken says which program is attached to the interface, if one is.
func taken(on *net.Interface) error {
	id, err := ProgramAt(on.Index)
	if err != nil || id == 0 {
		return err
	}
	return fmt.Errorf("%s: %w: %s; its owner has to detach it first, or count on another interface", on.Name, ErrTaken, named(id))
}

func named(id uint32) string {
	program, err := ebpf.NewProgramFromID(ebpf.ProgramID(id))
	if err != nil {
		return fmt.Sprintf("program %d", id)
	}
	defer func() { _ = program.Close() }()
	if info, err := program.Info(); err == nil {
		return fmt.Sprintf("program %d, %q", id, info.Name)
	}
	return fmt.Sprintf("program %d", id)
}

// ProgramAt asks rtnetlink(7) which program is attached to an interface; 0 none.
func ProgramAt(index int) (id uint32, err error) {
	answer, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		return 0, fmt.Errorf("list interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return 0, fmt.Errorf("list interfaces: %w", err)
	}
	at := unsafe.Offsetof(syscall.IfInfomsg{}.Index)
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWLINK || len(m.Data) < syscall.SizeofIfInfomsg ||
			int(int32(binary.NativeEndian.Uint32(m.Data[at:]))) != index {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return 0, fmt.Errorf("list interfaces: %w", err)
		}
		for _, a := range attributes {
			if a.Attr.Type&^attributeFlags == attributeXDP {
				return programIn(a.Value), nil
			}
		}
	}
	return 0, nil
}

// programIn finds the program's id among nested attributes.
func programIn(b []byte) uint32 {
	for len(b) >= syscall.SizeofRtAttr {
		n, kind := int(binary.NativeEndian.Uint16(b)), binary.NativeEndian.Uint16(b[2:])
		if n < syscall.SizeofRtAttr || n > len(b) {
			return 0
		}
		if xdpProgramID <= kind && kind <= xdpHardwareID && n >= syscall.SizeofRtAttr+4 {
			return binary.NativeEndian.Uint32(b[syscall.SizeofRtAttr:])
		}
		b = b[min((n+3)&^3, len(b)):]
	}
	return 0
}
