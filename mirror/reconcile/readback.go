package reconcile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vspan-io/vspan/mirror"
)

// readBack compares what vCenter said it did with what the switch shows.
func (p *pass) readBack(sw mirror.Switch) {
	sent := p.sent
	p.sent = nil
	if len(sent) == 0 {
		return
	}
	standing := make(map[string][]mirror.VSPAN) // of this installation, by UID
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == p.r.opts.Owner {
			standing[m.UID] = append(standing[m.UID], v)
		}
	}
	for _, c := range sent {
		switch {
		case c.Operation == mirror.Remove:
			p.readBackRemoval(sw, standing[c.UID], c, sent)
		default:
			p.readBackSession(sw, standing[c.UID], c, sent)
		}
	}
}

// readBackSession compares a session that was added or edited with those that stand under its marker.
func (p *pass) readBackSession(sw mirror.Switch, standing []mirror.VSPAN, c mirror.Change, sent []mirror.Change) {
	object := fmt.Sprintf("session %q", c.Session.Name)
	var differences []string
	for _, v := range standing {
		if differences = c.Session.Differences(v); len(differences) == 0 {
			return
		}
	}
	if key := p.unmarked(sw, c.Session); differences == nil && key != "" {
		p.refuse(c.UID, sent, mirror.Faultf(mirror.ReadBackDiffers, object, "vCenter made session %q (key %s) on switch %q and did not keep its description, "+
			"so that it cannot be told from somebody else's: remove it by hand", c.Session.Name, key, sw.Name))
		p.lasting[c.UID] = lasting{p.refusals[c.UID].fault, markerOf(c)}
		return
	}
	if differences == nil {
		p.refuse(c.UID, sent, mirror.Faultf(mirror.NotPersisted, object, "vCenter said the task succeeded, and the read-back shows no session %q on switch %q: "+
			"this vCenter does not keep port mirroring sessions (a simulator?) or something removes them", c.Session.Name, sw.Name))
		return
	}
	if c.Operation == mirror.Edit && !p.replace[c.UID] {
		p.replace[c.UID] = true
		return
	}
	p.refuse(c.UID, sent, mirror.Faultf(mirror.ReadBackDiffers, object, "vCenter said the task succeeded, and switch %q shows another %s than was sent",
		sw.Name, strings.Join(differences, ", ")))
}

// unmarked returns the key of a session that was not there before, looks like the one that was added and bears no marker; or "".
func (p *pass) unmarked(sw mirror.Switch, sent mirror.VSPAN) string {
	for _, v := range sw.Sessions {
		_, marked := v.Marker()
		was := slices.ContainsFunc(p.wanted.Switch.Sessions, func(old mirror.VSPAN) bool { return old.Key == v.Key })
		if !marked && !was && v.Name == sent.Name && slices.Equal(v.Ports(), sent.Ports()) {
			return v.Key
		}
	}
	return ""
}

func (p *pass) readBackRemoval(sw mirror.Switch, standing []mirror.VSPAN, c mirror.Change, sent []mirror.Change) {
	if slices.ContainsFunc(standing, func(v mirror.VSPAN) bool { return v.Key == c.Session.Key }) {
		p.refuse(c.UID, sent, mirror.Faultf(mirror.NotPersisted, fmt.Sprintf("session %q", c.Session.Name),
			"vCenter said the task succeeded, and the read-back still shows session %q (key %s) on switch %q", c.Session.Name, c.Session.Key, sw.Name))
	}
}
