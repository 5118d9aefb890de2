package receive

import (
	"encoding/binary"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// enslaved knows which interfaces are ports of a bond, a bridge or a VRF. What
// arrives at such a port is seen there and again at its master.
type enslaved struct {
	ports map[int]bool
	read  time.Time
}

// enslavedFor is how long an answer holds. An interface that has become a port
// in the meantime may be seen twice for that long.
const enslavedFor = time.Second

// has reports whether the interface is a port. Where the kernel does not say,
// the last answer goes on: rather a packet twice than none.
func (e *enslaved) has(index int, now time.Time) bool {
	if e.ports == nil || now.Sub(e.read) > enslavedFor {
		e.read = now
		if ports, err := readEnslaved(); err == nil {
			e.ports = ports
		}
	}
	return e.ports[index]
}

// readEnslaved asks rtnetlink(7) for the links that have a master.
func readEnslaved() (map[int]bool, error) {
	answer, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	messages, err := syscall.ParseNetlinkMessage(answer)
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	ports := map[int]bool{}
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWLINK || len(m.Data) < syscall.SizeofIfInfomsg {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return nil, fmt.Errorf("list interfaces: %w", err)
		}
		at := unsafe.Offsetof(syscall.IfInfomsg{}.Index)
		for _, a := range attributes {
			if a.Attr.Type == syscall.IFLA_MASTER {
				ports[int(int32(binary.NativeEndian.Uint32(m.Data[at:])))] = true
			}
		}
	}
	return ports, nil
}
