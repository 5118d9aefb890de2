package reconcile

import (
	"maps"

	"github.com/vspan-io/vspan/mirror"
)

// remember closes a pass that found nothing more to do: what was refused stays so for the switch as it is now, and what stands
// as wanted is what a later difference is somebody's change of.
func (p *pass) remember() {
	for _, planned := range p.plan.Sessions {
		if !planned.Settled {
			continue
		}
		delete(p.refusals, planned.UID)
		delete(p.applied, planned.UID)
		if planned.Have != nil {
			p.applied[planned.UID] = *planned.Have
		}
	}
	for uid := range p.refused {
		if f, there := p.refusals[uid]; there {
			f.version = p.wanted.Switch.ConfigVersion
			p.refusals[uid] = f
		}
	}
	p.forgetGone()
	if n := len(p.plan.Orphans); n != p.orphans {
		p.orphans = n
		p.log.Warn("sessions of this installation that no record knows stand on the switch; they are left until their expiry", "sessions", n)
	}
}

// forgetGone drops what is remembered of sessions that neither the store nor the switch has any more.
func (p *pass) forgetGone() {
	there := make(map[string]bool)
	for _, s := range p.wanted.Sessions {
		there[s.UID] = true
	}
	for _, v := range p.wanted.Switch.Sessions {
		if m, ok := v.Marker(); ok {
			there[m.UID] = true
		}
	}
	maps.DeleteFunc(p.refusals, func(uid string, _ refusal) bool { return !there[uid] })
	maps.DeleteFunc(p.lasting, func(uid string, _ lasting) bool { return !there[uid] })
	maps.DeleteFunc(p.applied, func(uid string, _ mirror.VSPAN) bool { return !there[uid] })
	maps.DeleteFunc(p.hosts, func(uid string, _ *mirror.Fault) bool { return !there[uid] })
}
