package mirror

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Limits of a spec, from VMwareVspanSession of the vSphere API.
const (
	MinSnapLength = 60    // mirroredPacketLength
	MaxSnapLength = 65535 // no frame is longer
	MaxSampling   = 65535 // samplingRate
	MaxCOS        = 7     // erspanCOS
	MaxSources    = 1024  // ours: keeps one session's work bounded
)

// Problem is one thing wrong with a spec, with the place where it stands.
type Problem struct {
	Field string // e.g. "spec.sources[0].direction"
	Text  string // what is wanted and what was given, for a person
}

func (p Problem) Error() string { return p.Field + ": " + p.Text }

// Validate returns everything that is wrong with the spec on its own, without asking any vCenter; nil when nothing is.
func (s Spec) Validate() []Problem {
	var ps []Problem
	add := func(field, format string, args ...any) {
		ps = append(ps, Problem{Field: "spec." + field, Text: fmt.Sprintf(format, args...)})
	}
	if n := len(s.Sources); n == 0 || n > MaxSources {
		add("sources", "want 1 to %d sources, got %d", MaxSources, n)
	}
	for i, src := range s.Sources {
		if text := src.problem(); text != "" {
			add(fmt.Sprintf("sources[%d]", i), "%s", text)
		}
	}
	s.validateDestination(add)
	s.validateEncapsulation(add)
	if s.SnapLength != 0 && (s.SnapLength < MinSnapLength || s.SnapLength > MaxSnapLength) {
		add("snapLength", "want 0 for whole frames or %d to %d bytes, got %d", MinSnapLength, MaxSnapLength, s.SnapLength)
	}
	if s.Sampling < 1 || s.Sampling > MaxSampling {
		add("sampling", "want 1 to %d (one of n packets), got %d", MaxSampling, s.Sampling)
	}
	if strings.ContainsFunc(s.Netstack, func(r rune) bool { return !unicode.IsPrint(r) || unicode.IsSpace(r) }) {
		add("netstack", "want a key of a TCP/IP stack, e.g. mirror, without blanks and control characters")
	}
	switch l := s.Life; {
	case !l.Until.IsZero() && (l.Never || l.For != 0):
		add("expiresAt", "want expiresIn or expiresAt, not both")
	case l.Until.IsZero() && !l.Never && l.For < time.Second:
		add("expiresIn", "want at least 1s, or \"never\", got %s", l.For)
	}
	return ps
}

func (s Spec) validateDestination(add func(field, format string, args ...any)) {
	d := s.Destination
	switch {
	case d.Receiver != "" && len(d.Addresses) > 0:
		add("destination", "want a receiver or addresses, not both")
	case d.Receiver == "" && len(d.Addresses) == 0:
		add("destination", "want {\"receiver\":\"local\"} or {\"addresses\":[…]}")
	case d.Receiver != "" && d.Receiver != LocalReceiver:
		add("destination.receiver", "there is no receiver %q: want %q", d.Receiver, LocalReceiver)
	}
	for i, a := range d.Addresses {
		field := fmt.Sprintf("destination.addresses[%d]", i)
		switch {
		case !a.IsValid() || a.Unmap().IsUnspecified() || a.Unmap().IsMulticast() || a.Zone() != "":
			add(field, "want a unicast address without a zone, got %s", a)
		case slices.Contains(d.Addresses[:i], a):
			add(field, "%s is given twice", a)
		}
	}
}

func (s Spec) validateEncapsulation(add func(field, format string, args ...any)) {
	e := s.Encapsulation
	if e.ID > MaxERSPANID {
		add("encapsulation.id", "want 1 to %d, or 0 to have one allocated, got %d", MaxERSPANID, e.ID)
	}
	if e.COS > MaxCOS {
		add("encapsulation.cos", "want 0 to %d, got %d", MaxCOS, e.COS)
	}
	if !e.Type.HasID() && (e.ID != 0 || e.COS != 0) {
		add("encapsulation", "id and cos belong to erspan2 and erspan3, not to %s", e.Type)
	}
	if e.Nanoseconds && e.Type != ERSPAN3 {
		add("encapsulation.nanoseconds", "belongs to erspan3, not to %s", e.Type)
	}
}

// problem says what is wrong with one source, or "".
func (s Source) problem() string {
	named := 0
	for _, set := range []bool{s.VM != "", s.Portgroup != "", s.PortKey != "", !s.Selector.IsZero()} {
		if set {
			named++
		}
	}
	switch {
	case named != 1:
		return "want exactly one of vm, portgroup, portKey and selector"
	case s.NIC != "" && s.VM == "":
		return "nic needs a vm"
	}
	if _, err := path.Match(s.Selector.Name, ""); err != nil {
		return fmt.Sprintf("selector.name %q is not a pattern", s.Selector.Name)
	}
	return ""
}
