package doctor

import (
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// Standing is a session as it was placed.
func Standing(s mirror.Session, p mirror.Placement) Session {
	d := asked(s)
	d.Switch, d.Sources, d.Fault = p.Switch, p.Sources, p.Fault
	d.Destinations, d.Local = p.Destinations, p.Local && !p.Elsewhere
	return d
}

// Planned is a session as it would stand.
func Planned(s mirror.Session, on mirror.SwitchID, p mirror.Planned) Session {
	d := asked(s)
	d.Switch, d.Sources, d.Fault = on, p.Sources, p.Fault
	d.Destinations, d.ERSPANID = p.Want.Destinations, p.Want.ERSPANID
	return d
}

func asked(s mirror.Session) Session {
	return Session{
		Name: s.Name, UID: s.UID, Encapsulation: s.Spec.Encapsulation.Type, ERSPANID: s.ERSPANID,
		Local: s.Spec.Destination.Receiver != "", Netstack: s.Spec.Netstack, SnapLength: s.Spec.SnapLength,
	}
}

// On returns the facts with a switch in them as it was read elsewhere, later.
func (f Facts) On(sw mirror.Switch) Facts {
	f.VCenters = slices.Clone(f.VCenters)
	for i, v := range f.VCenters {
		if v.Name != sw.ID.VCenter {
			continue
		}
		v.Switches = slices.Clone(v.Switches)
		if at := slices.IndexFunc(v.Switches, func(o mirror.Switch) bool { return o.ID == sw.ID }); at >= 0 {
			v.Switches[at] = sw
		} else {
			v.Switches = append(v.Switches, sw)
		}
		f.VCenters[i] = v
	}
	return f
}
