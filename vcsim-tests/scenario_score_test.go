package vcsimtests

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// score is how the verdicts fared against what was wanted.
type score struct {
	mu         sync.Mutex
	samples    map[[2]string]int  // by state wanted and state given, once a verdict had become right
	reasons    map[string]int     // right state, wrong reason
	transition int                // samples on the way to what was wanted
	delays     map[string][]delay // by state
	spells     []spell
	notYet     map[string]bool
	plays      int
}

// delay is how long a right verdict took in a play.
type delay struct {
	test string
	took time.Duration
}

func (d delay) String() string {
	return fmt.Sprintf("%v %s", short(d.took), strings.TrimPrefix(d.test, "TestScenarios/"))
}

// spell is a time for which a verdict was wrong.
type spell struct {
	test, who string
	lasted    time.Duration
}

func newScore() *score {
	return &score{samples: make(map[[2]string]int), reasons: make(map[string]int), delays: make(map[string][]delay), notYet: make(map[string]bool)}
}

// saw counts a sample.
func (s *score) saw(w want, v said, right bool) {
	wanted := w.verdicts[0].State
	if w.hasState(v.State) {
		wanted = v.State
	}
	s.samples[[2]string{wanted, v.State}]++
	if !right && w.hasState(v.State) {
		s.reasons[fmt.Sprintf("%s, wanted %s", v, w)]++
	}
}

// took notes how long it took until the right state was said. What delivers again after something that happened is not what delivers for
// the first time: the window of the evidence has to pass first.
func (s *score) took(state string, first bool, d delay) {
	if state == "delivering" && !first {
		state = "delivering again"
	}
	s.delays[state] = append(s.delays[state], d)
}

// quickest are the delays of a state, the quickest first.
func (s *score) quickest(state string) []delay {
	return slices.SortedFunc(slices.Values(s.delays[state]), func(a, b delay) int { return cmp.Compare(a.took, b.took) })
}

// add adds the score of one play.
func (s *score) add(o *score) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plays++
	for k, n := range o.samples {
		s.samples[k] += n
	}
	for k, n := range o.reasons {
		s.reasons[k] += n
	}
	for k, list := range o.delays {
		s.delays[k] = append(s.delays[k], list...)
	}
	s.transition += o.transition
	s.spells = append(s.spells, o.spells...)
	maps.Copy(s.notYet, o.notYet)
}

// String is the confusion matrix, and the times to the right verdict.
func (s *score) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	wanted, given := map[string]bool{}, map[string]bool{}
	all, right := 0, 0
	for k, n := range s.samples {
		wanted[k[0]], given[k[1]] = true, true
		if all += n; k[0] == k[1] {
			right += n
		}
	}
	columns := slices.Sorted(maps.Keys(given))
	fmt.Fprintf(w, "%d plays; samples by state wanted (rows) and given\n\t%s\n", s.plays, strings.Join(columns, "\t"))
	for _, row := range slices.Sorted(maps.Keys(wanted)) {
		fmt.Fprint(w, row)
		for _, column := range columns {
			fmt.Fprintf(w, "\t%d", s.samples[[2]string{row, column}])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "%d of %d samples have the state wanted; beside them %d were taken on the way to it\n", right, all, s.transition)
	fmt.Fprintln(w, "time to the right verdict\tn\tp50\tp95\tslowest")
	for _, state := range slices.Sorted(maps.Keys(s.delays)) {
		list := s.quickest(state)
		fmt.Fprintf(w, "%s\t%d\t%v\t%v\t%v\n", state, len(list), short(centile(list, 50).took), short(centile(list, 95).took), list[max(len(list)-3, 0):])
	}
	w.Flush()
	for _, k := range slices.Sorted(maps.Keys(s.reasons)) {
		fmt.Fprintf(&b, "another reason: %s (%d samples)\n", k, s.reasons[k])
	}
	for _, p := range s.spells {
		fmt.Fprintf(&b, "wrong for %v: %s in %s\n", short(p.lasted), p.who, p.test)
	}
	for _, k := range slices.Sorted(maps.Keys(s.notYet)) {
		fmt.Fprintf(&b, "wanted, not yet given: %s\n", k)
	}
	return b.String()
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }

// centile is the value that n percent of a sorted list are no greater than.
func centile(list []delay, n int) delay {
	return list[max((len(list)*n+99)/100-1, 0)]
}
