package faultproxy

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// rules are those in force, in the order in which they were added.
type rules struct {
	mu   sync.Mutex
	rand *rand.Rand
	list []*Injection
}

// Injection is a rule in force. Its methods may be called by several goroutines.
type Injection struct {
	rule   Rule
	of     *rules
	passed int // calls that were skipped
	fired  int
}

// Inject puts a rule in force.
func (p *Proxy) Inject(r Rule) (*Injection, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	s := &p.rules
	s.mu.Lock()
	defer s.mu.Unlock()
	if chance(r) && s.rand == nil {
		return nil, fmt.Errorf("fault proxy: rule for %q: a probability of %v needs Options.Rand", r.Method, r.Probability)
	}
	i := &Injection{rule: r, of: s}
	s.list = append(s.list, i)
	return i, nil
}

// Clear removes all rules. What calls have met already goes on.
func (p *Proxy) Clear() {
	p.rules.mu.Lock()
	defer p.rules.mu.Unlock()
	p.rules.list = nil
}

// Fired is how many calls met the fault so far.
func (i *Injection) Fired() int {
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	return i.fired
}

// Remove ends the rule, if it is in force. What calls have met already goes on.
func (i *Injection) Remove() {
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	i.of.list = slices.DeleteFunc(i.of.list, func(other *Injection) bool { return other == i })
}

// fate is what one call meets.
type fate struct {
	before, after time.Duration // delays of the request and of the reply
	rule          Rule          // of the fault that is no delay; its Fault is 0 without one
}

// through is a call that goes through as it is.
func (f fate) through() bool { return f == fate{} }

// decide shows a call to the rules.
func (s *rules) decide(method string) fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	var f fate
	for _, i := range s.list {
		if f.rule.Fault != 0 && !i.rule.Fault.delays() || !i.fires(method) {
			continue
		}
		switch i.rule.Fault {
		case DelayRequest:
			f.before += i.rule.Wait
		case DelayReply:
			f.after += i.rule.Wait
		default:
			f.rule = i.rule
		}
	}
	return f
}

// fires decides about one call, and counts.
func (i *Injection) fires(method string) bool {
	r := i.rule
	if r.Method != "" && r.Method != method || r.Count > 0 && i.fired >= r.Count {
		return false
	}
	if i.passed < r.Skip {
		i.passed++
		return false
	}
	if chance(r) && i.of.rand.Float64() >= r.Probability {
		return false
	}
	i.fired++
	return true
}

// chance reports whether it is drawn whether the rule fires.
func chance(r Rule) bool { return r.Probability > 0 && r.Probability < 1 }
