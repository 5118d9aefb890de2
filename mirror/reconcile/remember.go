package reconcile

import (
	"fmt"
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
	p.leave()
}

// leave records what the pass found and leaves alone.
func (p *pass) leave() {
	p.r.inventory.leaves(p.id, p.plan.Orphans, p.plan.Held)
	if p.released.get() && len(p.plan.Held) == 0 {
		p.released.set(false) // it was for what was held then
	}
	if n := len(p.plan.Orphans); n != p.orphans {
		p.orphans = n
		p.r.changed.send() // a damaged record may be one of them
		if n > 0 {
			p.log.Warn("sessions of this installation that no record knows stand on the switch; they are left until their expiry (vspan orphans list)", "sessions", n)
		}
	}
	if n := len(p.plan.Held); n != p.holding {
		if p.holding = n; n > 0 {
			text := fmt.Sprintf("the removal of %d sessions would follow from what vCenter shows of the switch; it is held until a person has looked (vspan switches release)", n)
			p.log.Error(text)
			p.tell("", "", mirror.Held, true, mirror.Vspan, text)
		}
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
	maps.DeleteFunc(p.drifted, func(uid string, _ string) bool { return !there[uid] })
}
