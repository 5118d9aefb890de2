// Package xdpbench attaches the program that counting in the kernel is measured
// against: one that drops everything and does nothing else. It is for
// benchmarks; no product has a use for it.
package xdpbench

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror/receive/xdp/internal/hook"
)

// NewEmptyDrop loads the program, two instructions long: for packets of several buffers, where the kernel has that.
func NewEmptyDrop() (*ebpf.Program, error) {
	const drop = 1 // XDP_DROP
	spec := &ebpf.ProgramSpec{
		Name:         "empty_drop",
		Type:         ebpf.XDP,
		Flags:        unix.BPF_F_XDP_HAS_FRAGS,
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, drop), asm.Return()},
	}
	program, err := ebpf.NewProgram(spec)
	if errors.Is(err, unix.EINVAL) { // before Linux 5.18
		spec.Flags = 0
		program, err = ebpf.NewProgram(spec)
	}
	if err != nil {
		return nil, fmt.Errorf("xdpbench: load the empty program: %w", err)
	}
	return program, nil
}

// EmptyDrop is the program at the XDP hook of an interface, where it drops all
// that arrives.
type EmptyDrop struct {
	program  *ebpf.Program
	attached *hook.Attached
}

// Attach attaches the program as xdp.Counter does, in the mode that it is in:
// "native", "generic" or "best". It fails where another program is.
func Attach(interfaceName, mode string) (*EmptyDrop, error) {
	program, err := NewEmptyDrop()
	if err != nil {
		return nil, err
	}
	attached, err := hook.Attach(interfaceName, hook.Mode(mode), func() (*ebpf.Program, error) { return program, nil })
	if err != nil {
		return nil, errors.Join(fmt.Errorf("xdpbench: %w", err), program.Close())
	}
	return &EmptyDrop{program: program, attached: attached}, nil
}

// Mode is the one it is attached in.
func (e *EmptyDrop) Mode() string { return string(e.attached.Mode) }

// Close detaches the program.
func (e *EmptyDrop) Close() error { return errors.Join(e.attached.Close(), e.program.Close()) }
