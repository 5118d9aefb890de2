package doctor

import (
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// ids checks that what arrives under an ERSPAN id is of one session.
func (x *examination) ids() {
	sessions := x.Sessions
	if x.about != nil {
		sessions = []Session{*x.about}
	}
	unread := ""
	for _, v := range x.VCenters {
		if v.Fault != "" || v.SwitchFault != "" {
			unread = v.Name
		}
	}
	for _, s := range sessions {
		if s.Encapsulation.HasID() {
			x.id(s, unread)
		}
	}
}

func (x *examination) id(s Session, unread string) {
	note := func(status Status, message, remedy string) {
		x.note(ERSPANID, s.Switch.VCenter, SessionKind, s.Name, status, message, remedy)
	}
	const remedy = "leave encapsulation.id out to have a free one allocated, or have the other session changed"
	if s.ERSPANID == 0 || len(s.Destinations) == 0 {
		note(Unknown, "it has no ERSPAN id or no address to send to yet", "wait for it to be placed: 'vspan session get "+s.Name+"'")
		return
	}
	clash := false
	for _, to := range s.Destinations {
		use := mirror.IDUse{Address: to, ID: s.ERSPANID}
		for _, other := range x.rivals(s, use) {
			clash = true
			note(Failed, fmt.Sprintf("%s sends ERSPAN id %d to %s as well: the packets of both look alike", other, use.ID, use.Address), remedy)
		}
	}
	switch {
	case clash:
	case unread != "":
		note(Unknown, fmt.Sprintf("whether a session on vCenter %s sends ERSPAN id %d to the same address is not known: its switches could not be read", unread, s.ERSPANID), "mend the connection to that vCenter")
	default:
		note(OK, fmt.Sprintf("nobody else sends ERSPAN id %d to %s", s.ERSPANID, enumerate(texts(s.Destinations))), "")
	}
}

// rivals names the sessions other than s that use an id at an address: ours, and those on the switches that are no session's of ours.
func (x *examination) rivals(s Session, use mirror.IDUse) []string {
	var names []string
	for _, o := range x.Sessions {
		if o.Name != s.Name && o.Encapsulation.HasID() && o.ERSPANID == use.ID && slices.Contains(o.Destinations, use.Address) {
			names = append(names, fmt.Sprintf("session %q", o.Name))
		}
	}
	for _, v := range x.VCenters {
		for _, sw := range v.Switches {
			for _, on := range sw.Sessions {
				if m, ok := on.Marker(); ok && m.Owner == x.State.Owner {
					continue
				}
				if slices.Contains(on.IDUses(), use) {
					names = append(names, fmt.Sprintf("foreign session %q (key %s) on switch %s", on.Name, on.Key, sw.Name))
				}
			}
		}
	}
	return names
}

func texts[T fmt.Stringer](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}
