package evidence

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// diagnosis is one question of diagnose: what it finds is appended to the list.
type diagnosis func(c *hearing, heard *heard)

// heard is what was decided of a session, and what was found beside it.
type heard struct {
	sources []mirror.Verdict // in the order of the placement
	session mirror.Verdict
	narrow  map[string]bool // hosts from which large frames do not arrive
	list    []mirror.Diagnosis
}

// diagnoses are asked in this order: what is found first may explain what is asked for later.
var diagnoses = []diagnosis{
	(*hearing).vmkernelSources, (*hearing).skewedClock,
	(*hearing).receiverDrops, (*hearing).otherEncapsulation, (*hearing).unlistedExporter, (*hearing).oneDirection,
	(*hearing).silentHosts, (*hearing).stoppedAtVMotion, (*hearing).narrowPaths, (*hearing).sequenceLoss, (*hearing).duplicateCopies,
	(*hearing).mirrorLoop, (*hearing).frozenCounters,
}

// outright is how many of the diagnoses need nothing to be judged by what arrives.
const outright = 2

// diagnose returns what is wrong beside the verdicts, the worst first, at most mirror.MaxDiagnoses.
func (c *hearing) diagnose(sources []mirror.Verdict, session mirror.Verdict) []mirror.Diagnosis {
	h := &heard{sources: sources, session: session}
	for i, ask := range diagnoses {
		if i < outright || !c.settled {
			ask(c, h)
		}
	}
	slices.SortStableFunc(h.list, func(a, b mirror.Diagnosis) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Code, b.Code), strings.Compare(a.Subject, b.Subject))
	})
	return h.list[:min(len(h.list), mirror.MaxDiagnoses)]
}

func (h *heard) add(d mirror.Diagnosis) { h.list = append(h.list, d) }

// reason reports whether the session or one of its sources was judged so for that reason.
func (h *heard) reason(r mirror.Reason) bool {
	return h.session.Reason == r || slices.ContainsFunc(h.sources, func(v mirror.Verdict) bool { return v.Reason == r })
}

func figure(name string, value float64, unit string) mirror.Figure {
	return mirror.Figure{Name: name, Value: value, Unit: unit}
}

func count[T int | uint64 | uint32](name string, n T, unit string) mirror.Figure {
	return mirror.Figure{Name: name, Value: float64(n), Unit: unit}
}

func span(name string, d time.Duration) mirror.Figure {
	return mirror.Figure{Name: name, Value: d.Seconds(), Unit: "seconds"}
}

// named lists at most maxNamed names for a person.
func named(names []string) string {
	if n := len(names); n > maxNamed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxNamed], ", "), n-maxNamed)
	}
	return strings.Join(names, ", ")
}

// hostsOf are the names of the hosts that the sources are on, in order, each once.
func (c *hearing) hostsOf() []string {
	var hosts []string
	for i := range c.in.Placement.Sources {
		if h := c.in.Placement.Sources[i].Port.Host; h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// on calls f for the sources on a host that have no fault, with what is remembered of them and the verdict on them.
func (c *hearing) on(host string, h *heard, f func(p *mirror.PlacedSource, s *sourceHistory, v mirror.Verdict)) {
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		if s := c.history.sources[p.Port.Key]; s != nil && p.Fault == nil && p.Port.Host == host {
			f(p, s, h.sources[i])
		}
	}
}

// each calls f for all sources that have no fault.
func (c *hearing) each(h *heard, f func(p *mirror.PlacedSource, s *sourceHistory, v mirror.Verdict)) {
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		if s := c.history.sources[p.Port.Key]; s != nil && p.Fault == nil {
			f(p, s, h.sources[i])
		}
	}
}
