package vcsimtests

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// output collects what a process writes, and may be read meanwhile.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a running program. It ends with the test at the latest.
type process struct {
	name           string
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{} // closed when it has ended
}

// start starts a program by launch, which is cmd.Start or does it in a namespace. Its output is shown when the test fails.
func start(t *testing.T, cmd *exec.Cmd, launch func(*exec.Cmd) error) *process {
	t.Helper()
	p := &process{name: cmd.Args[0], cmd: cmd, ended: make(chan struct{})}
	if len(cmd.Args) > 1 {
		p.name += " " + cmd.Args[1]
	}
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	if err := launch(cmd); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		p.stop(t)
		if t.Failed() {
			t.Logf("%s ended with %v\nstdout:\n%s\nstderr:\n%s", p.name, cmd.ProcessState, &p.stdout, &p.stderr)
		}
	})
	return p
}

// stop ends the process as an operator would, and at length by force.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("stop %s: %v", p.name, err)
	}
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		t.Errorf("%s did not end within 10 s of SIGTERM", p.name)
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// says waits for a line in the output and returns what the first group of the pattern matched.
func (p *process) says(t *testing.T, o *output, pattern string) string {
	t.Helper()
	line := regexp.MustCompile(pattern)
	var match []string
	await(t, 20*time.Second, p.name+" says "+pattern, func() (bool, string) {
		match = line.FindStringSubmatch(o.String())
		select {
		case <-p.ended:
			if match == nil {
				t.Fatalf("%s has ended and never said %s", p.name, pattern)
			}
		default:
		}
		return match != nil, o.String()
	})
	return match[1]
}
