//go:build !client

package receive

import (
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// tcx attaches by a BPF link (Linux 6.6), which ends with the process whatever
// way that ends, behind the programs of others that are there already.
type tcx struct{}

func (tcx) name() string { return "tcx" }

func (tcx) attach(index int, program *ebpf.Program) (closer, error) {
	l, err := link.AttachTCX(link.TCXOptions{Interface: index, Program: program, Attach: ebpf.AttachTCXIngress})
	if err != nil {
		return nil, fmt.Errorf("attach the program: %w", err)
	}
	return l, nil
}

func (tcx) close() error { return nil }
