package hook

import (
	"errors"
	"fmt"
	"net"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Attached is a program at its hook. Closing it detaches the program; so does
// the end of the process, whatever ends it.
type Attached struct {
	link link.Link
	Mode Mode
	// Variant is the number of the program among those given.
	Variant int
	// Reason says why it is not attached in a better way; empty when it is.
	Reason string
}

// Close detaches the program.
func (a *Attached) Close() error {
	if err := a.link.Close(); err != nil {
		return fmt.Errorf("detach the XDP program: %w", err)
	}
	return nil
}

// Attach attaches the first of the programs that can be attached to the named
// interface. Each is asked for only when it is its turn, and is its giver's to
// close. Of all that failed the reason is kept.
func Attach(name string, mode Mode, programs ...func() (*ebpf.Program, error)) (*Attached, error) {
	if len(mode.tried()) == 0 {
		return nil, fmt.Errorf("XDP mode %q is none of %s, %s and %s", mode, Best, Native, Generic)
	}
	on, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("find interface %q: %w", name, err)
	}
	if err := taken(on); err != nil {
		return nil, err
	}
	var failed error
	missing := make([]bool, len(programs)) // what cannot be had for one mode cannot for another
	for _, m := range mode.tried() {
		for i, load := range programs {
			if missing[i] {
				continue
			}
			program, err := load()
			if err != nil {
				missing[i], failed = true, errors.Join(failed, err)
				continue
			}
			attached, err := attach(on, m, program)
			if err == nil {
				attached.Variant = i
				if failed != nil {
					attached.Reason = failed.Error()
				}
				return attached, nil
			}
			if errors.Is(err, ErrTaken) {
				return nil, err
			}
			failed = errors.Join(failed, err)
		}
	}
	return nil, failed
}

func (m Mode) tried() []Mode {
	switch m {
	case Native, Generic:
		return []Mode{m}
	case Best:
		return []Mode{Native, Generic}
	}
	return nil
}

func (m Mode) flag() link.XDPAttachFlags {
	if m == Native {
		return link.XDPDriverMode
	}
	return link.XDPGenericMode
}

func attach(on *net.Interface, m Mode, program *ebpf.Program) (*Attached, error) {
	l, err := link.AttachXDP(link.XDPOptions{Program: program, Interface: on.Index, Flags: m.flag()})
	switch {
	case errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST):
		if other := taken(on); other != nil {
			return nil, other
		}
		fallthrough
	case err != nil:
		return nil, fmt.Errorf("attach %v to %s in %s mode: %w", program, on.Name, m, err)
	}
	return &Attached{link: l, Mode: m}, nil
}
