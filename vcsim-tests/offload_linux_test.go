package vcsimtests

import (
	"fmt"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ethtoolValue is struct ethtool_value of linux/ethtool.h.
type ethtoolValue struct{ command, data uint32 }

// ifreq is struct ifreq of net/if.h with its ifr_data.
type ifreq struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [16]byte // the rest of the union
}

// computeChecksums makes the kernel fill in the checksums of what leaves an interface (ethtool -K NAME tx off). Between a pair of
// interfaces it leaves them out, and Open vSwitch's userspace datapath would pass such segments on as they are.
func (ns *namespace) computeChecksums(t *testing.T, name string) {
	t.Helper()
	err := ns.do(func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		value := ethtoolValue{command: unix.ETHTOOL_STXCSUM}
		request := ifreq{data: unsafe.Pointer(&value)}
		copy(request.name[:unix.IFNAMSIZ-1], name)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return fmt.Errorf("ETHTOOL_STXCSUM: %w", errno)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("switch off checksum offload of %s: %v", name, err)
	}
}
