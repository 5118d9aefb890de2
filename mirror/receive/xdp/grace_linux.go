//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// grace waits until no program runs any more that has begun before. The kernel
// does so by itself when a map in a map is replaced (maybe_wait_bpf_programs in
// kernel/bpf/syscall.c), and that is what the two maps are for.
type grace struct {
	outer, inner *ebpf.Map
}

func newGrace() (*grace, error) {
	inner := &ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1}
	outer := &ebpf.MapSpec{Type: ebpf.ArrayOfMaps, KeySize: 4, ValueSize: 4, MaxEntries: 1, InnerMap: inner}
	var g grace
	var err error
	if g.inner, err = ebpf.NewMap(inner); err != nil {
		return nil, fmt.Errorf("make a map: %w", err)
	}
	if g.outer, err = ebpf.NewMap(outer); err != nil {
		return nil, errors.Join(fmt.Errorf("make a map of maps: %w", err), g.inner.Close())
	}
	return &g, nil
}

func (g *grace) wait() error {
	if err := g.outer.Put(uint32(0), g.inner); err != nil {
		return fmt.Errorf("wait for running programs: %w", err)
	}
	return nil
}

func (g *grace) close() error { return errors.Join(g.outer.Close(), g.inner.Close()) }
