// Package hook attaches a program to the XDP hook of an interface, for as long
// as the process lives and no longer, and never in place of another.
package hook

import "errors"

// Mode is where in the kernel a program runs.
type Mode string

// The modes.
const (
	Best    Mode = "best" // Native, or else Generic
	Native  Mode = "native"
	Generic Mode = "generic"
)

// ErrTaken: a program of somebody else is attached to the interface.
var ErrTaken = errors.New("another XDP program is attached to the interface")
