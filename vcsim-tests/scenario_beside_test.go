package vcsimtests

import (
	"fmt"
	"slices"
	"time"
)

// beside looks at what is wanted beside the verdicts: at the end, or where a verdict came before all that explains it was known, as soon
// as it is there, which must be within the time that the verdicts have.
func (r *play) beside(now seen, s *step, limit time.Duration) {
	missing := s.missing(now)
	for len(missing) > 0 && r.clock.spent-r.at <= limit {
		time.Sleep(look) // the pace of looking
		now = r.seen()
		r.settled(now)
		missing = s.missing(now)
	}
	for _, what := range missing {
		r.t.Errorf("%s (after line %d); the verdict is %s: %s", what, s.events[0].line, now.of("session").said(), now.of("session").Message)
	}
	for _, d := range s.diagnoses {
		switch {
		case d.notYet && now.diagnosed(d.code):
			r.t.Logf("the diagnosis %s is given now: take the mark off", d.code)
		case d.notYet:
			r.score.notYet[fmt.Sprintf("%s: %s", r.scenario.name, d.code)] = true
		}
	}
}

// missing says what is wanted beside the verdicts and not there.
func (s *step) missing(now seen) (list []string) {
	for _, field := range s.counted {
		if n := string(now.Status.Evidence[field]); n == "" || n == "0" {
			list = append(list, fmt.Sprintf("%s is %q in the evidence, want some", field, n))
		}
	}
	for _, d := range s.diagnoses {
		if !d.notYet && !now.diagnosed(d.code) {
			list = append(list, fmt.Sprintf("no diagnosis %s, but %v", d.code, now.Status.Diagnoses))
		}
	}
	return list
}

func (s seen) diagnosed(code string) bool {
	return slices.ContainsFunc(s.Status.Diagnoses, func(d struct{ Code string }) bool { return d.Code == code })
}

// longest is the longest time that one of the wants has.
func longest(wants map[string]want) (limit time.Duration) {
	for _, w := range wants {
		limit = max(limit, w.within)
	}
	return limit
}
