package api

import (
	"fmt"
	"net/netip"
	"path"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// specParser turns a spec from JSON into the domain's, noting everything that is wrong with it. What it notes says what is
// wanted and never what was given.
type specParser struct {
	life lifePolicy
	errs []wire.FieldError
}

// parseSpec reads a spec and fills in what was left out.
func parseSpec(w wire.Spec, life lifePolicy) (mirror.Spec, []wire.FieldError) {
	p := &specParser{life: life}
	s := mirror.Spec{
		VCenter:       w.VCenter,
		Switch:        w.Switch,
		Sources:       p.sources(w.Sources),
		Destination:   p.destination(w.Destination),
		Encapsulation: p.encapsulation(w.Encapsulation),
		SnapLength:    w.SnapLength,
		Sampling:      max(w.Sampling, 1),
		Netstack:      w.Netstack,
		Enabled:       w.Enabled == nil || *w.Enabled,
	}
	var err error
	if s.OnDrift, err = mirror.ParseDriftPolicy(w.OnDrift); err != nil {
		p.note("spec.onDrift", "want repair or report")
	}
	s.Life = p.parseLife(w)
	if s.SnapLength != 0 && s.SnapLength < mirror.MinSnapLength {
		p.note("spec.snapLength", "want 0 for whole frames or %d to %d bytes", mirror.MinSnapLength, mirror.MaxSnapLength)
	}
	p.judge(s)
	return s, p.errs
}

func (p *specParser) parseLife(w wire.Spec) mirror.Life {
	if !w.ExpiresAt.IsZero() && w.ExpiresIn == "" {
		return mirror.Life{Until: w.ExpiresAt.UTC().Round(0)}
	}
	if !w.ExpiresAt.IsZero() {
		p.note("spec.expiresAt", "want expiresIn or expiresAt, not both")
	}
	life, problem := p.life.parse(w.ExpiresIn)
	if problem != "" {
		p.note("spec.expiresIn", "%s", problem)
	}
	return life
}

func (p *specParser) note(field, format string, args ...any) {
	p.errs = append(p.errs, wire.FieldError{Field: field, Detail: fmt.Sprintf(format, args...)})
}

// judge adds what the domain finds wrong, where nothing was noted yet. Whatever Validate would quote was noted before.
func (p *specParser) judge(s mirror.Spec) {
	noted := slices.Clone(p.errs)
	for _, problem := range s.Validate() {
		if !slices.ContainsFunc(noted, func(e wire.FieldError) bool { return e.Field == problem.Field }) {
			p.note(problem.Field, "%s", problem.Text)
		}
	}
}

func (p *specParser) sources(list []wire.Source) []mirror.Source {
	sources := make([]mirror.Source, len(list))
	for i, w := range list {
		s := mirror.Source{VM: w.VM, NIC: w.NIC, Portgroup: w.Portgroup, PortKey: w.PortKey}
		if w.Selector != nil {
			s.Selector = mirror.Selector{Name: w.Selector.Name, Folder: w.Selector.Folder, Tag: w.Selector.Tag}
		}
		if _, err := path.Match(s.Selector.Name, ""); err != nil {
			p.note(fmt.Sprintf("spec.sources[%d]", i), "want a pattern in selector.name, e.g. web-*")
		}
		var err error
		if s.Direction, err = mirror.ParseDirection(w.Direction); err != nil {
			p.note(fmt.Sprintf("spec.sources[%d].direction", i), "want both, from-vm or to-vm")
		}
		sources[i] = s
	}
	return sources
}

func (p *specParser) destination(w wire.Destination) mirror.Destination {
	if w.IsZero() {
		return mirror.Destination{Receiver: mirror.LocalReceiver}
	}
	d := mirror.Destination{Receiver: w.Receiver}
	for i, text := range w.Addresses {
		a, err := netip.ParseAddr(text)
		a = a.Unmap()
		if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
			p.note(fmt.Sprintf("spec.destination.addresses[%d]", i), "want a unicast IPv4 or IPv6 address")
		} else if slices.Contains(d.Addresses, a) {
			p.note(fmt.Sprintf("spec.destination.addresses[%d]", i), "want each address once")
		}
		d.Addresses = append(d.Addresses, a)
	}
	return d
}

func (p *specParser) encapsulation(w wire.Encapsulation) mirror.Encapsulation {
	e := mirror.Encapsulation{Type: mirror.ERSPAN2, ID: uint16(w.ID), COS: uint8(w.COS), Nanoseconds: w.Nanoseconds}
	if w.Type == "" {
		return e
	}
	var err error
	if e.Type, err = mirror.ParseEncapsulationType(w.Type); err != nil {
		p.note("spec.encapsulation.type", "want gre, erspan2 or erspan3")
	}
	return e
}
