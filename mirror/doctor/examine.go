package doctor

import (
	"slices"
	"strings"

	"github.com/vspan-io/vspan/mirror"
)

// Examine makes every check that the facts allow, worst first. The same facts give the same checks.
func Examine(f Facts) []Check {
	x := examination{Facts: f}
	for _, v := range f.VCenters {
		x.vcenter(v)
	}
	for _, s := range f.Sessions {
		x.stray(s)
	}
	x.ids()
	x.receiver()
	x.state()
	return x.sorted()
}

// Concerning makes those checks that concern one session, which need not be among the facts'. What it would take the place of there,
// by its name, is left out.
func Concerning(f Facts, s Session) []Check {
	f.Sessions = slices.DeleteFunc(slices.Clone(f.Sessions), func(o Session) bool { return o.Name == s.Name })
	x := examination{Facts: f, about: &s}
	for _, v := range f.VCenters {
		if v.Name == s.Switch.VCenter {
			v.Switches = slices.DeleteFunc(slices.Clone(v.Switches), func(sw mirror.Switch) bool { return sw.ID != s.Switch })
			v.Rights = v.Rights.of(v.Switches, s)
			x.vcenter(v)
		}
	}
	x.stray(s)
	x.ids()
	if s.Local {
		x.receiver()
	}
	return x.sorted()
}

// examination is one making of checks.
type examination struct {
	Facts
	findings

	about *Session // the only one that matters; nil: all of them
}

// note adds a check of one thing.
func (x *examination) note(code Code, vcenter string, kind Kind, name string, status Status, message, remedy string) {
	message = strings.ReplaceAll(message, "\n", "; ") // of errors that were joined
	x.add(name, finding{code: code, kind: kind, status: status, vcenter: vcenter, message: message, remedy: remedy})
}

// sessions are those whose like is looked at on a switch.
func (x *examination) sessions(on mirror.SwitchID) []Session {
	if x.about != nil {
		return []Session{*x.about}
	}
	return slices.DeleteFunc(slices.Clone(x.Sessions), func(s Session) bool { return s.Switch != on })
}

// stray checks a session that is on none of the switches that were read.
func (x *examination) stray(s Session) {
	for _, v := range x.VCenters {
		if slices.ContainsFunc(v.Switches, func(sw mirror.Switch) bool { return sw.ID == s.Switch }) && v.Fault == "" && v.SwitchFault == "" {
			return
		}
	}
	x.placed(VCenter{Name: s.Switch.VCenter}, s)
}

// vcenter checks one vCenter and what is on it.
func (x *examination) vcenter(v VCenter) {
	x.certificate(v)
	if !x.reachable(v) {
		return
	}
	x.version(v)
	x.clock(v)
	x.rights(v)
	x.hidden(v)
	if !x.switches(v) {
		return
	}
	for _, sw := range v.Switches {
		x.capabilities(v, sw)
		x.groups(v, sw)
		x.sources(v, sw)
		x.senders(v, sw)
	}
}
