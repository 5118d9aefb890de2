package vcsimtests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	sessionName = "watched"
	// window is that of the evidence: how long a packet counts as recent. No wrong verdict may last longer.
	window = 10 * time.Second
	// look is the pace at which the verdicts are looked at; they are made once a second.
	look = 250 * time.Millisecond
)

// play is one scenario being played, with one encapsulation.
type play struct {
	*world
	scenario      *scenario
	encapsulation string
	overload      *overload
	receiver      *fallible
	score         *score
	began         time.Time       // when the session was asked for
	before        map[string]want // what was wanted last, by who
	now           *step           // that is played, or was last
	clock         patience
	at            time.Duration            // when its events had happened, by the clock
	saidNever     map[string]bool          // which states that must never be said were, and of whom
	wrongSince    map[string]time.Duration // by the clock
}

// seen is what the API says of the session at one moment.
type seen struct {
	Status struct {
		Verdict seenVerdict
		Sources []struct {
			VM, Host string
			Verdict  seenVerdict
		}
		Evidence  map[string]json.RawMessage
		Diagnoses []struct{ Code string }
	}
}

type seenVerdict struct {
	State, Reason, Message string
	Since                  time.Time
}

func (v seenVerdict) said() said { return said{v.State, v.Reason} }

// patience is how long was waited, as far as the machine let anybody do anything: what a look takes beyond longestLook was spent waiting
// for the machine, and is held against nobody.
type patience struct {
	spent time.Duration
	last  time.Time
}

const longestLook = time.Second

func (p *patience) spend() {
	now := time.Now()
	if !p.last.IsZero() {
		p.spent += min(now.Sub(p.last), longestLook)
	}
	p.last = now
}

// playScenario plays a scenario from its beginning to its end.
func playScenario(t *testing.T, s *scenario, encapsulation string, total *score) {
	r := &play{scenario: s, encapsulation: encapsulation, overload: new(overload), receiver: newFallible(), score: newScore()}
	defer func() { total.add(r.score) }()
	r.before, r.wrongSince, r.saidNever = make(map[string]want), make(map[string]time.Duration), make(map[string]bool)
	r.world = newProbedWorld(t, func(made *setup) {
		made.sim.Hosts, made.sim.VMs, made.sim.Interval = s.hosts, s.vms, s.pace
		r.overload.deliver, made.sim.Memory = r.receiver.inject, r.overload.take
		made.daemon.Receiver.Source = r.receiver
		made.proxied = s.needsProxy()
	})
	for _, e := range s.first {
		r.act(r.happen(e))
	}
	r.began = time.Now()
	for i := range s.steps {
		r.wait(s.steps[i].at)
		r.step(&s.steps[i], i == len(s.steps)-1)
	}
}

// needsProxy reports whether vCenter goes away in it.
func (s *scenario) needsProxy() bool {
	return slices.ContainsFunc(s.steps, func(s step) bool {
		return slices.ContainsFunc(s.events, func(e event) bool { return e.verb == "vcenter" })
	})
}

// wait goes on looking until a time since the session was asked for.
func (r *play) wait(at time.Duration) {
	for time.Since(r.began) < at {
		if len(r.before) > 0 {
			r.settled(r.seen())
		}
		time.Sleep(look) // the pace of looking
	}
}

// step makes the events of a step happen, looks until everything is as wanted, and for a while longer.
func (r *play) step(s *step, last bool) {
	at := time.Now()
	for _, e := range s.events {
		r.act(r.happen(e))
	}
	r.now, r.at = s, r.clock.spent
	wants := r.expand(s.wants)
	right := make(map[string]time.Time)
	for len(right) < len(wants) {
		now := r.seen()
		r.transition(now, s, wants, right, at)
		r.overdue(now, wants, right)
		time.Sleep(look) // the pace of looking
	}
	r.before = wants

	hold := s.hold
	if last {
		hold += 2 * time.Second
	}
	var now seen
	for end := time.Now().Add(hold); ; time.Sleep(look) { // what must not change shows in no other way
		now = r.seen()
		r.settled(now)
		if time.Now().After(end) {
			break
		}
	}
	r.beside(now, s, longest(wants))
}

// overdue fails the test of what is not as wanted in time, and goes on with it; what the file says is not given yet is only noted.
func (r *play) overdue(now seen, wants map[string]want, right map[string]time.Time) {
	for who, w := range wants {
		if _, ok := right[who]; ok || r.clock.spent-r.at <= w.within {
			continue
		}
		if w.notYet {
			r.score.notYet[fmt.Sprintf("%s: %s of %s", r.scenario.name, w, who)] = true
			delete(wants, who)
			continue
		}
		v, e := now.of(who), r.now.events[0]
		r.t.Errorf("%s is not %s within %v of %q (line %d), but %s: %s", who, w, w.within, e.verb, e.line, v.said(), v.Message)
		right[who] = time.Now()
	}
}

// expand makes of what is wanted of all sources what is wanted of each, and goes on wanting what was wanted before and not named now.
func (r *play) expand(list []want) map[string]want {
	wants := make(map[string]want)
	for who, w := range r.before {
		wants[who] = w
	}
	for _, w := range list {
		if w.who != "sources" {
			wants[w.who] = w
			continue
		}
		for _, s := range r.scenario.sources {
			wants[s.vm] = w
		}
	}
	return wants
}

func (r *play) seen() (s seen) {
	r.t.Helper()
	r.clock.spend()
	a := r.want(r.do(http.MethodGet, "/v1/sessions/"+sessionName, nil), http.StatusOK)
	if err := json.Unmarshal(a.body, &s); err != nil {
		r.t.Fatalf("%v in %s", err, a.body)
	}
	for _, never := range r.scenario.never {
		for who, v := range s.all() {
			if v.State == never && !r.saidNever[who+never] {
				r.saidNever[who+never] = true
				r.t.Errorf("%s is %s, which must never be said here: %s", who, v.said(), v.Message)
			}
		}
	}
	return s
}

// all are the verdicts on the session and each of its sources.
func (s seen) all() map[string]seenVerdict {
	all := map[string]seenVerdict{"session": s.Status.Verdict}
	for _, source := range s.Status.Sources {
		all[source.VM] = source.Verdict
	}
	return all
}

func (s seen) of(who string) seenVerdict { return s.all()[who] }

func (w want) String() string {
	var words []string
	for _, v := range w.verdicts {
		words = append(words, v.String())
	}
	return strings.Join(words, " or ")
}

func (w want) holds(v said) bool { return slices.Contains(w.verdicts, v) }

func (w want) hasState(state string) bool {
	return slices.ContainsFunc(w.verdicts, func(v said) bool { return v.State == state })
}

// transition notes what is said on the way to what is wanted: the verdict before, the one wanted, or that it cannot be told.
func (r *play) transition(now seen, s *step, wants map[string]want, right map[string]time.Time, at time.Time) {
	for who, w := range wants {
		v := now.of(who)
		if _, there := right[who]; there {
			r.note(who, w, v, w.holds(v.said()))
			continue
		}
		old, known := r.before[who]
		switch {
		case w.holds(v.said()):
			right[who] = time.Now()
			r.note(who, w, v, true)
			if who == "session" && !(known && slices.Equal(old.verdicts, w.verdicts)) {
				r.score.took(v.State, s.events[0].verb == "ask", delay{r.t.Name(), r.delay(now, s, v, at)})
			}
		default:
			fair := v.State == "" || v.State == "pending" || v.State == "unknown" || w.hasState(v.State) || known && old.hasState(v.State) || slices.Contains(s.meanwhile, v.State)
			r.score.transition++
			r.spell(who, w, v, fair)
		}
	}
}

// delay is how long the right verdict took: of the first one from the first packet, if one came, and otherwise from the event.
func (r *play) delay(now seen, s *step, v seenVerdict, at time.Time) time.Duration {
	if s.events[0].verb == "ask" && v.State == "delivering" {
		var first time.Time
		if json.Unmarshal(now.Status.Evidence["firstPacketAt"], &first) == nil {
			at = first
		}
	}
	return max(v.Since.Sub(at), 0)
}

// settled notes what is said when everything has been as wanted.
func (r *play) settled(now seen) {
	for who, w := range r.before {
		v := now.of(who)
		r.note(who, w, v, w.holds(v.said()))
	}
}

// note takes a verdict that has been right before. After an event it may be pending for a while even where the same is wanted as before.
func (r *play) note(who string, w want, v seenVerdict, right bool) {
	if !right && r.clock.spent-r.at <= w.within && (v.State == "pending" || slices.Contains(r.now.meanwhile, v.State)) {
		r.score.transition++
		r.spell(who, w, v, true)
		return
	}
	r.score.saw(w, v.said(), right)
	r.spell(who, w, v, right)
}

// spell fails the test when a wrong verdict lasts longer than a window.
func (r *play) spell(who string, w want, v seenVerdict, fair bool) {
	since, wrong := r.wrongSince[who]
	switch {
	case fair:
		if wrong {
			r.score.spells = append(r.score.spells, spell{r.t.Name(), who, r.clock.spent - since})
		}
		delete(r.wrongSince, who)
	case !wrong:
		r.wrongSince[who] = r.clock.spent
		r.t.Logf("%v: %s is %s and not %s: %s", time.Since(r.began).Round(100*time.Millisecond), who, v.said(), w, v.Message)
	case r.clock.spent-since > window:
		r.t.Errorf("%s has been %s for longer than a window, and not %s: %s", who, v.said(), w, v.Message)
		delete(r.wrongSince, who)
	}
}
