package probe

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// conclude says of each target what came of it. lossy says that we may have lost a copy ourselves.
func (a *asking) conclude(lossy bool) []mirror.Probed {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	list := make([]mirror.Probed, 0, len(a.question.Targets))
	for i := range a.question.Targets {
		t := &a.question.Targets[i]
		best := mirror.Probed{PortKey: t.PortKey, Began: now, Message: a.unasked(i, t)}
		for _, s := range a.shots {
			if s.target != t {
				continue
			}
			if of := a.judge(s, lossy); !best.Address.IsValid() || weight(of) > weight(best) {
				best = of
			}
		}
		best.Ended = now
		if best.Began.IsZero() {
			best.Began = now
		}
		list = append(list, best)
	}
	return list
}

// weight orders what two addresses of one guest show: a proof comes first, then what is missing.
func weight(p mirror.Probed) int {
	switch {
	case p.Result == mirror.ProbeProved:
		return 4
	case p.Result == mirror.ProbeMissing:
		return 3
	case p.Answered:
		return 2
	default:
		return min(p.Sent, 1)
	}
}

// unasked says why nothing was sent to a target.
func (a *asking) unasked(i int, t *Target) string {
	switch {
	case i >= MaxTargets:
		return fmt.Sprintf("%s was not probed: at most %d sources are at a time; name this one", t.Label, MaxTargets)
	case t.Unknown != "":
		return fmt.Sprintf("%s was not probed: %s", t.Label, t.Unknown)
	default:
		return fmt.Sprintf("%s was not probed: no address of its guest is known", t.Label)
	}
}

// judge says what one address shows.
func (a *asking) judge(s *shot, lossy bool) mirror.Probed {
	p := s.Probed
	toVM, fromVM := a.question.expected(s.target)
	switch {
	case p.Sent == 0:
		p.Message = fmt.Sprintf("%s was not probed: %v", s.target.Label, cmp.Or(s.fault, errNoTime))
	case p.ToVM.Seen || p.FromVM.Seen:
		p.Result, p.Message = mirror.ProbeProved, a.proof(s, toVM, fromVM)
	case !p.Answered:
		p.Message = fmt.Sprintf("%s did not answer at %s, and no copy came: the guest cannot be reached from here, which proves nothing; is the address its own, and does a firewall before it drop %s?",
			s.target.Label, s.Address, a.question.Method)
	case !toVM && !fromVM:
		p.Message = fmt.Sprintf("%s answered at %s, but an answer to %s bears no nonce, and what is sent to the VM is not mirrored: use another method", s.target.Label, s.Address, a.question.Method)
	case a.question.hides(s.Address) != "":
		p.Message = fmt.Sprintf("%s answered at %s and no copy came, which proves nothing: %s", s.target.Label, s.Address, a.question.hides(s.Address))
	case lossy:
		p.Message = fmt.Sprintf("%s answered at %s and no copy came, which proves nothing: the receiver dropped packets meanwhile, and the copies may have been among them", s.target.Label, s.Address)
	default:
		p.Result = mirror.ProbeMissing
		p.Message = fmt.Sprintf("%s answered at %s after %s, and no copy of %d packets came through the mirror: the mirror is broken, unless that address is another machine's",
			s.target.Label, s.Address, brief(p.RTT), p.Sent)
	}
	return p
}

// proof is the sentence of a mirror that delivers.
func (a *asking) proof(s *shot, toVM, fromVM bool) string {
	first := s.ToVM
	if !first.Seen {
		first = s.FromVM
	}
	text := fmt.Sprintf("a probe to %s at %s came through the mirror %s after it was sent, from %s (%s)", s.target.Label, s.Address, brief(first.Delay), first.Host, first.Exporter)
	switch {
	case !s.Answered && !s.FromVM.Seen:
		return text + "; the guest did not answer: its firewall drops " + a.question.Method.String() + ", which does not concern the mirror"
	case !s.Answered:
		return text + "; its answer was mirrored and did not come here: something between drops it, which does not concern the mirror"
	case toVM && !s.ToVM.Seen:
		return text + "; that of the answer alone: none to-vm"
	case fromVM && !s.FromVM.Seen:
		return text + "; that of the question alone: none from-vm, though the guest answered"
	}
	return text
}

// brief is a delay for a person.
func brief(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}

type faultText string

func (f faultText) Error() string { return string(f) }

// errNoTime is why a target that could be asked was not.
var errNoTime error = faultText("the time was up before its turn came")

// Worst is the result of all together: proved when one is and none is missing.
func Worst(list []mirror.Probed) mirror.ProbeResult {
	has := func(r mirror.ProbeResult) bool {
		return slices.ContainsFunc(list, func(p mirror.Probed) bool { return p.Result == r })
	}
	switch {
	case has(mirror.ProbeMissing):
		return mirror.ProbeMissing
	case has(mirror.ProbeProved):
		return mirror.ProbeProved
	default:
		return mirror.ProbeOpen
	}
}
