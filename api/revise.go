package api

import (
	"maps"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// desired is what a request asks for, parsed.
type desired struct {
	spec   mirror.Spec
	labels map[string]string
}

// fresh makes a session that did not exist.
func (d desired) fresh(name, uid, by string, now time.Time) mirror.Session {
	s := mirror.Session{
		Name: name, UID: uid, Generation: 1, Labels: d.labels,
		CreatedAt: now, CreatedBy: by, Spec: d.spec, ExpiresAt: d.spec.Life.EndsAt(now),
	}
	if d.spec.Encapsulation.Type.HasID() {
		s.ERSPANID = d.spec.Encapsulation.ID
	}
	return s
}

// revise returns the session as asked for, and whether that differs from what it is. With renew, a session whose time is up gets
// a new life, if there is one to be had: not when the spec says an end that has passed. A new life is a new generation, even of the same spec: the expiry stands in the marker on the switch, which must
// not look as if somebody else had changed it.
func (d desired) revise(s mirror.Session, renew bool, now time.Time) (mirror.Session, bool) {
	end := d.spec.Life.EndsAt(now)
	renewed := renew && s.Expired(now) && (end.IsZero() || end.After(now))
	specChanged := !s.Spec.Equal(d.spec)
	if !renewed && !specChanged && maps.Equal(s.Labels, d.labels) {
		return s, false
	}
	if renewed || s.Spec.Life != d.spec.Life {
		s.ExpiresAt = end
	}
	if renewed || specChanged {
		s.Generation++
	}
	s.ERSPANID = idInForce(s, d.spec)
	s.Spec, s.Labels = d.spec, d.labels
	return s, true
}

// idInForce is the ERSPAN id a session has under a new spec. An allocated one is kept while the mirror goes to the same place; 0
// has a new one allocated.
func idInForce(s mirror.Session, spec mirror.Spec) uint16 {
	switch {
	case !spec.Encapsulation.Type.HasID():
		return 0
	case spec.Encapsulation.ID != 0:
		return spec.Encapsulation.ID
	case !spec.Destination.Equal(s.Spec.Destination):
		return 0
	default:
		return s.ERSPANID
	}
}
