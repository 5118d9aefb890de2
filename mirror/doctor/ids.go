package doctor

import (
	"fmt"

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
	used := x.usedIDs()
	for _, s := range sessions {
		if s.Encapsulation.HasID() {
			x.id(s, used, unread)
		}
	}
}

// user is who sends an ERSPAN id to an address.
type user struct {
	session string // of ours; "": somebody else's
	text    string
}

// usedIDs lists who sends which id where: our sessions, and those on the switches that are no session's of ours.
func (x *examination) usedIDs() map[mirror.IDUse][]user {
	used := make(map[mirror.IDUse][]user)
	ours := make(map[string]bool) // by UID
	if x.about != nil {
		ours[x.about.UID] = true
	}
	for _, s := range x.Sessions {
		ours[s.UID] = true
		if !s.Encapsulation.HasID() || s.ERSPANID == 0 {
			continue
		}
		for _, to := range s.Destinations {
			use := mirror.IDUse{Address: to, ID: s.ERSPANID}
			used[use] = append(used[use], user{s.Name, fmt.Sprintf("session %q", s.Name)})
		}
	}
	for _, v := range x.VCenters {
		for _, sw := range v.Switches {
			for _, on := range sw.Sessions {
				if m, ok := on.Marker(); ok && m.Owner == x.State.Owner && ours[m.UID] {
					continue
				}
				for _, use := range on.IDUses() {
					used[use] = append(used[use], user{text: fmt.Sprintf("another session, %q (key %s) on switch %s,", on.Name, on.Key, sw.Name)})
				}
			}
		}
	}
	return used
}

func (x *examination) id(s Session, used map[mirror.IDUse][]user, unread string) {
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
		for _, other := range used[use] {
			if other.session == s.Name {
				continue
			}
			clash = true
			note(Failed, fmt.Sprintf("%s sends ERSPAN id %d to %s as well: the packets of both look alike", other.text, use.ID, use.Address), remedy)
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

func texts[T fmt.Stringer](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.String()
	}
	return out
}
