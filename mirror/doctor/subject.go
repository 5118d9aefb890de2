package doctor

import (
	"fmt"
	"strings"
)

// Kind is what kind of thing a check is about.
type Kind uint8

// The kinds.
const (
	NoKind Kind = iota
	VCenterKind
	SwitchKind
	PortgroupKind
	HostKind
	VMKind
	PortKind
	SessionKind
	ReceiverKind
	DaemonKind
)

func (k Kind) String() string { return nameOf(kindNames, k) }

var kindNames = []string{
	NoKind: "none", VCenterKind: "vcenter", SwitchKind: "switch", PortgroupKind: "portgroup", HostKind: "host", VMKind: "vm",
	PortKind: "port", SessionKind: "session", ReceiverKind: "receiver", DaemonKind: "daemon",
}

// Kinds lists all of them.
func Kinds() []Kind {
	var kinds []Kind
	for k := NoKind + 1; int(k) < len(kindNames); k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

// Subject is what a check is about: one thing, or several of which the same is to be said.
type Subject struct {
	Kind  Kind
	Names []string // one at least
}

// shown is how many names of a subject a person is shown.
const shown = 4

// String names the subject for a person, e.g. "hosts esx-01, esx-02".
func (s Subject) String() string {
	if s.Kind == DaemonKind {
		return "daemon"
	}
	return s.Kind.words(len(s.Names)) + " " + enumerate(s.Names)
}

// words is how n things of the kind are called.
func (k Kind) words(n int) string {
	word := k.String()
	if k == VCenterKind || k == VMKind {
		word = map[Kind]string{VCenterKind: "vCenter", VMKind: "VM"}[k]
	}
	switch {
	case n == 1:
		return word
	case k == SwitchKind:
		return word + "es"
	default:
		return word + "s"
	}
}

// enumerate lists the first names, and how many more there are.
func enumerate(names []string) string {
	if len(names) <= shown+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
