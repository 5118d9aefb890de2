package doctor

import (
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// capabilities checks what the switch says it can do. A capability that nobody asks for is no failure.
func (x *examination) capabilities(v VCenter, sw mirror.Switch) {
	sessions := x.sessions(sw.ID)
	erspan := slices.ContainsFunc(sessions, func(s Session) bool { return s.Encapsulation.HasID() })
	netstack := slices.ContainsFunc(sessions, func(s Session) bool { return s.Netstack != "" })
	upgrade := fmt.Sprintf("upgrade the switch (it is version %s)", said(sw.Version))

	x.capability(v, sw, CapabilityL3, sw.Capabilities.L3Source, "Encapsulated Remote Mirroring (L3) Source", Failed, upgrade+"; no mirror can be made on it")
	missing := Warning
	if erspan {
		missing = Failed
	}
	x.capability(v, sw, CapabilityERSPAN, sw.Capabilities.ERSPAN, "ERSPAN II and III", missing, upgrade+", or ask for encapsulation gre")
	if !netstack && sw.Capabilities.Netstack != mirror.Unsaid {
		x.note(CapabilityNetstack, v.Name, SwitchKind, sw.Name, OK, "a TCP/IP stack of its own for mirrors: "+sw.Capabilities.Netstack.String()+"; none is asked for", "")
		return
	}
	x.capability(v, sw, CapabilityNetstack, sw.Capabilities.Netstack, "a TCP/IP stack of its own for mirrors", Failed, upgrade+", or leave netstack out")
}

func (x *examination) capability(v VCenter, sw mirror.Switch, code Code, can mirror.Support, what string, missing Status, remedy string) {
	switch can {
	case mirror.Supported:
		x.note(code, v.Name, SwitchKind, sw.Name, OK, fmt.Sprintf("version %s can do %s", said(sw.Version), what), "")
	case mirror.Unsupported:
		x.note(code, v.Name, SwitchKind, sw.Name, missing, fmt.Sprintf("version %s cannot do %s", said(sw.Version), what), remedy)
	default:
		x.note(code, v.Name, SwitchKind, sw.Name, Unknown, "vCenter does not say whether it can do "+what, "try it: 'vspan session create … --dry-run', then look whether the session is applied")
	}
}
