//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"fmt"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// shared is the memory of an array that the program and this process both have.
type shared[V any] struct {
	memory []byte
	values []V
}

// share maps an array, whose values are of type V.
func share[V any](of *ebpf.Map) (s shared[V], err error) {
	size := int(unsafe.Sizeof(*new(V)))
	if of.ValueSize() != uint32(size) {
		return s, fmt.Errorf("values of %v have %d bytes, want %d", of, of.ValueSize(), size)
	}
	n := int(of.MaxEntries())
	if s.memory, err = unix.Mmap(of.FD(), 0, n*size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return s, fmt.Errorf("share the memory of %v: %w", of, err)
	}
	s.values = unsafe.Slice((*V)(unsafe.Pointer(unsafe.SliceData(s.memory))), n)
	return s, nil
}

func (s shared[V]) close() error {
	if s.memory == nil {
		return nil
	}
	return unix.Munmap(s.memory)
}
