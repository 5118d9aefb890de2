package filter

import (
	"cmp"
	"slices"
)

// maxSkip bounds how many tests a jump is looked through, so that the time to
// compile is linear in the program.
const maxSkip = 64

// thread shortens a program: a jump to a test whose outcome is known on the way
// there goes to where that test would send it, tests that do the same are merged,
// and those that do not matter left out. Only what was read on the way is known,
// so that no frame is rejected or let through for its length that was not before;
// but a test that does not matter no longer rejects what it cannot read, as with
// libpcap's optimizer.
func thread(tests []test, start int32) ([]test, int32) {
	k := newKnowledge(tests)
	k.start(start)
	for i := firstTest; i < int32(len(tests)); i++ {
		if k.arrived[i] {
			k.follow(i, k.states[i])
		}
	}
	start = k.skip(start, &state{})
	start = merge(tests, start)
	tests, start = compact(tests, start)
	return tests, regroup(tests, start)
}

// maxFields is how many fields of the frame are followed. More than the types,
// protocols and addresses of one network layer are seldom tested twice.
const maxFields = 8

// fact is what is known of a field: that it is value, or else that it is none of
// the first n values of others.
type fact struct {
	known  bool
	n      uint8
	value  uint32
	others [3]uint32
}

// state is what is known at a place of the program.
type state [maxFields]fact

func (f *fact) excludes(v uint32) bool {
	return f.known && f.value != v || slices.Contains(f.others[:f.n], v)
}

func (f *fact) exclude(v uint32) {
	if int(f.n) < len(f.others) && !f.excludes(v) {
		f.others[f.n] = v
		f.n++
	}
}

// meet is what holds whether a or b does.
func meet(a, b fact) (both fact) {
	if a.known && b.known && a.value == b.value {
		return a
	}
	for _, pair := range [][2]*fact{{&a, &b}, {&b, &a}} {
		for _, v := range pair[0].others[:pair[0].n] {
			if pair[1].excludes(v) {
				both.exclude(v)
			}
		}
	}
	return both
}

// knowledge is what is known on arrival at each test.
type knowledge struct {
	tests []test
	// fields says by test which fact of a state it is about, or untracked.
	fields  []int8
	states  []state
	arrived []bool
}

const untracked = -1

func newKnowledge(tests []test) *knowledge {
	k := &knowledge{tests: tests, fields: make([]int8, len(tests)), states: make([]state, len(tests)), arrived: make([]bool, len(tests))}
	numbered := frequent(tests)
	for i := range tests {
		k.fields[i] = untracked
		if n, ok := numbered[tests[i].field()]; ok && tests[i].exact() {
			k.fields[i] = n
		}
	}
	return k
}

// frequent numbers the fields that are compared with one value most often.
func frequent(tests []test) map[field]int8 {
	counts := make(map[field]int)
	for i := range tests[firstTest:] {
		if t := &tests[firstTest+int32(i)]; t.exact() && t.load != loadConstant {
			counts[t.field()]++
		}
	}
	var often []field
	for f, n := range counts {
		if n > 1 {
			often = append(often, f)
		}
	}
	slices.SortFunc(often, func(a, b field) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.at, b.at), cmp.Compare(a.load, b.load),
			cmp.Compare(a.mask, b.mask), cmp.Compare(a.ip, b.ip))
	})
	numbered := make(map[field]int8)
	for i, f := range often[:min(len(often), maxFields)] {
		numbered[f] = int8(i)
	}
	return numbered
}

func (k *knowledge) start(at int32) { k.arrive(k.skip(at, &state{}), state{}) }

// arrive notes that the program may come to the test at with s.
func (k *knowledge) arrive(at int32, s state) {
	switch {
	case at < firstTest:
	case !k.arrived[at]:
		k.arrived[at], k.states[at] = true, s
	default:
		for i := range s {
			k.states[at][i] = meet(k.states[at][i], s[i])
		}
	}
}

// follow sends both ends of the test at, where s is known, as far as they are sure
// to go.
func (k *knowledge) follow(at int32, s state) {
	t := &k.tests[at]
	yes, no := s, s
	if i := k.fields[at]; i != untracked {
		yes[i] = fact{known: true, value: t.lo}
		no[i].exclude(t.lo)
	}
	t.yes, t.no = k.skip(t.yes, &yes), k.skip(t.no, &no)
	k.arrive(t.yes, yes)
	k.arrive(t.no, no)
}

// skip goes from the test at through all whose outcome is known from s.
func (k *knowledge) skip(at int32, s *state) int32 {
	for range maxSkip {
		if at < firstTest {
			break
		}
		outcome, known := k.outcome(at, s)
		if !known {
			break
		}
		t := &k.tests[at]
		if at = t.no; outcome {
			at = t.yes
		}
	}
	return at
}

func (k *knowledge) outcome(at int32, s *state) (outcome, known bool) {
	t, i := &k.tests[at], k.fields[at]
	switch {
	case t.load == loadConstant:
		return t.holds(t.at), true
	case i == untracked:
		return false, false
	case s[i].known:
		return t.holds(s[i].value), true
	}
	return false, s[i].excludes(t.lo)
}

// merge makes one of tests that do the same, and jumps over those that go to the
// same place either way; but the first one, as in libpcap, is still read if there
// are others.
func merge(tests []test, start int32) int32 {
	same := make(map[test]int32)
	through := make([]int32, len(tests))
	through[reject] = reject
	for i := int32(len(tests)) - 1; i >= firstTest; i-- {
		t := &tests[i]
		t.yes, t.no = through[t.yes], through[t.no]
		twin, known := same[*t]
		switch {
		case t.yes == t.no && (i != start || t.yes < firstTest):
			through[i] = t.yes
		case known:
			through[i] = twin
		default:
			through[i], same[*t] = i, i
		}
	}
	return through[start]
}

// compact leaves out the tests that are not reached from start.
func compact(tests []test, start int32) ([]test, int32) {
	reached := make([]bool, len(tests))
	reached[start] = true
	moved := make([]int32, len(tests))
	kept := int32(firstTest)
	for i := firstTest; i < int32(len(tests)); i++ {
		if reached[i] {
			reached[tests[i].yes], reached[tests[i].no] = true, true
			moved[i] = kept
			kept++
		}
	}
	moved[reject] = reject
	short := make([]test, firstTest, kept)
	for i, t := range tests[firstTest:] {
		if reached[firstTest+int32(i)] {
			t.yes, t.no = moved[t.yes], moved[t.no]
			short = append(short, t)
		}
	}
	return short, moved[start]
}
