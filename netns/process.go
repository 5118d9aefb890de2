package netns

import (
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a command that runs in a namespace. The kernel kills it when this process ends before it.
type Process struct {
	PID   int
	ended chan struct{}
	err   error // once ended is closed
}

// Start starts a command in the namespace.
func (n *Namespace) Start(cmd *exec.Cmd) (*Process, error) {
	p := &Process{ended: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel takes the thread that started the command for its parent, so that it has to live as long. It is never unlocked:
		// the thread is spoilt and must end.
		runtime.LockOSThread()
		defer close(p.ended)
		if p.err = n.begin(cmd); p.err == nil {
			p.PID = cmd.Process.Pid
		}
		started <- p.err
		if p.err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		<-p.ended
		return nil, err
	}
	return p, nil
}

func (n *Namespace) begin(cmd *exec.Cmd) error {
	if err := n.enter(); err != nil {
		return err
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	return cmd.Start()
}

// Wait waits for the end of the command and returns what exec.Cmd.Wait did.
func (p *Process) Wait() error {
	<-p.ended
	return p.err
}
