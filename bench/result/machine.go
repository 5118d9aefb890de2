package result

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Machine is what the figures were measured on and with.
type Machine struct {
	CPU    string            `json:"cpu"`
	CPUs   int               `json:"cpus"`
	Kernel string            `json:"kernel"`
	Go     string            `json:"go"`
	Tools  map[string]string `json:"tools"` // by name, the first line of what each says of itself; absent tools are "not installed"
}

// tools are what rows are measured with, and how each is asked for its version.
var tools = map[string][]string{
	"tcpdump":  {"--version"},
	"tshark":   {"--version"},
	"valgrind": {"--version"},
	"ip":       {"-V"},
}

// ReadMachine asks the machine. What cannot be read stays empty.
func ReadMachine(ctx context.Context) Machine {
	m := Machine{CPU: cpuModel("/proc/cpuinfo"), CPUs: runtime.NumCPU(), Go: runtime.Version(), Tools: make(map[string]string)}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(release))
	}
	for tool, arguments := range tools {
		m.Tools[tool] = version(ctx, tool, arguments)
	}
	return m
}

func version(ctx context.Context, tool string, arguments []string) string {
	if _, err := exec.LookPath(tool); err != nil {
		return "not installed"
	}
	out, err := exec.CommandContext(ctx, tool, arguments...).CombinedOutput()
	if err != nil {
		return err.Error()
	}
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); strings.ContainsAny(line, "0123456789") {
			return line
		}
	}
	return "unknown"
}

func cpuModel(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String is the line above the table.
func (m Machine) String() string {
	return fmt.Sprintf("%d × %s, Linux %s, %s, %s, %s", m.CPUs, m.CPU, m.Kernel, m.Go, m.Tools["tcpdump"], m.Tools["tshark"])
}
