package cpu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Softirq is the CPU time of the kernel's ksoftirqd threads, which take over from the processes when there is much to do.
func Softirq() (time.Duration, error) {
	pids, err := named("/proc", "ksoftirqd/")
	if err != nil {
		return 0, err
	}
	if len(pids) == 0 {
		return 0, errors.New("CPU time of ksoftirqd: its threads are not to be seen here: run outside of a container")
	}
	var sum time.Duration
	for _, pid := range pids {
		d, err := Of(pid)
		if err != nil {
			return 0, err
		}
		sum += d
	}
	return sum, nil
}

// named are the processes whose name begins so.
func named(proc, prefix string) (pids []int, err error) {
	names, err := filepath.Glob(filepath.Join(proc, "[0-9]*", "comm"))
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(comm), prefix) {
			continue // it has ended meanwhile, or is another
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
