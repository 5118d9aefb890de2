package network

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mostCPUs is how many a CPUSet has.
const mostCPUs = 1024

// stay keeps the calling thread, which must be locked, on the last of the CPUs that it may run on, until leave is called. A network card
// has the packets of one exporter received on one CPU; on a veth they are received where they are sent, and a sender that wandered would
// measure what no receiver meets.
func stay() (leave func(), err error) {
	var may, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		return nil, fmt.Errorf("which CPUs the sender may run on: %w", err)
	}
	for cpu := mostCPUs - 1; cpu >= 0; cpu-- {
		if may.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, fmt.Errorf("keep the sender on one CPU: %w", err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &may) }, nil // where it was before, it may be
}
