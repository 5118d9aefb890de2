package mirror

import (
	"errors"
	"fmt"
)

// Fault is a failure with a reason of the enumeration, so that a loop can decide by it and a person can read it. Packages that
// speak to vCenter return errors that wrap one.
type Fault struct {
	Reason Reason
	Object string // what was asked for, e.g. `VM "web-01"` or `switch "DVS0"`
	Text   string // what is wrong, and the next step where there is one
	Err    error  // the cause; may be nil
	Told   bool   // Text says what Err would say: Error does not repeat it
}

// Faultf makes a Fault without a cause.
func Faultf(reason Reason, object, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Object: object, Text: fmt.Sprintf(format, args...)}
}

func (f *Fault) Error() string {
	s := f.Text
	if f.Object != "" {
		s = f.Object + ": " + s
	}
	if f.Err != nil && !f.Told {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }

// Permanent reports whether trying the same again cannot help before the spec, the switch or a person's rights change.
func (f *Fault) Permanent() bool {
	switch f.Reason {
	case VCenterUnreachable, NotAuthenticated, ConcurrentAccess, HostRefused, NotWriter:
		return false
	default:
		return true
	}
}

// FaultOf returns the Fault in err's chain, or one with reason otherwise and err as its cause.
func FaultOf(err error, otherwise Reason) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Reason: otherwise, Text: "failed", Err: err}
}
