package cpu

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of /proc/stat: USER_HZ is 100 wherever Linux runs.
const tick = time.Second / 100

// Machine is what all CPUs did since the machine began, as /proc/stat says it, to 10 ms.
type Machine struct {
	Busy    time.Duration // all but idle, waiting for disks, and what the hypervisor took
	Idle    time.Duration // idle, and waiting for disks
	Softirq time.Duration // part of Busy
	Stolen  time.Duration // by the hypervisor
}

// ReadMachine reads /proc/stat.
func ReadMachine() (Machine, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return Machine{}, fmt.Errorf("CPU time of the machine: %w", err)
	}
	return parseMachine(string(text))
}

// The columns of the line "cpu" (proc_stat(5)). Time of guests is in that of user and nice too.
const (
	columnIdle    = 3
	columnIOWait  = 4
	columnSoftirq = 6
	columnSteal   = 7
	columns       = 8 // without those of guests
)

func parseMachine(text string) (Machine, error) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < columns+1 || fields[0] != "cpu" {
		return Machine{}, fmt.Errorf("CPU time of the machine: /proc/stat begins with %q", line)
	}
	var m Machine
	for column, field := range fields[1 : columns+1] {
		ticks, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return Machine{}, fmt.Errorf("CPU time of the machine: /proc/stat: %w", err)
		}
		switch spent := time.Duration(ticks) * tick; column {
		case columnIdle, columnIOWait:
			m.Idle += spent
		case columnSteal:
			m.Stolen = spent
		case columnSoftirq:
			m.Softirq = spent
			m.Busy += spent
		default:
			m.Busy += spent
		}
	}
	return m, nil
}

// Plus adds what was done at another time.
func (m Machine) Plus(o Machine) Machine {
	return Machine{m.Busy + o.Busy, m.Idle + o.Idle, m.Softirq + o.Softirq, m.Stolen + o.Stolen}
}

// Since is what was done since an earlier reading.
func (m Machine) Since(earlier Machine) Machine {
	return Machine{m.Busy - earlier.Busy, m.Idle - earlier.Idle, m.Softirq - earlier.Softirq, m.Stolen - earlier.Stolen}
}
