package filter

// regroup moves tests of one field together where their order does not matter
// but for frames that are cut: in a chain of alternatives, all of which go to the
// same place when they hold, and in a chain of conditions. libpcap's optimizer
// does it to save loads. Thus port 80 or 443 takes a frame that ends behind the
// source port, if that is 443.
func regroup(tests []test, start int32) int32 {
	for _, s := range []side{alternatives, conditions} {
		g := newGraph(tests, start)
		for i := firstTest; i < int32(len(tests)); i++ {
			g.chain(i, s)
		}
	}
	return start
}

// side is one end of the tests of a chain: the one by which they leave it, as a
// jump of BPF would.
type side bool

const (
	alternatives side = true  // they leave when the jump is taken
	conditions   side = false // they leave when it is not
)

// graph is a program with its jumps backward.
type graph struct {
	tests []test
	start int32
	from  [][]int32 // by test, those that jumped there in the beginning
	// moved is by test the one that has taken over its end, 0 if none has.
	moved []int32
	done  []bool // which tests have been in a chain
}

func newGraph(tests []test, start int32) *graph {
	g := &graph{tests: tests, start: start, from: make([][]int32, len(tests)), moved: make([]int32, len(tests)), done: make([]bool, len(tests))}
	for i := firstTest; i < int32(len(tests)); i++ {
		for _, to := range []int32{tests[i].yes, tests[i].no} {
			g.from[to] = append(g.from[to], i)
		}
	}
	return g
}

// ends are the ends by which t leaves a chain and stays in it.
func (t *test) ends(s side) (leave, stay *int32) {
	if (s == alternatives) != t.isInverse() {
		return &t.yes, &t.no
	}
	return &t.no, &t.yes
}

// isInverse reports whether BPF, which has no jump for below and none for bits
// that are all 0, jumps on no.
func (t *test) isInverse() bool {
	if t.exact() {
		return t.lo == 0 && t.mask != everyBit
	}
	return t.lo == 0
}

// isJump reports whether t is one jump of BPF: a range with two ends is not.
func (t *test) isJump() bool { return t.exact() || t.lo == 0 || t.lo+t.span == everyBit }

// chain regroups the longest chain that begins at the test head.
func (g *graph) chain(head int32, s side) {
	if g.done[head] || !g.tests[head].isJump() {
		return
	}
	members := []int32{head}
	out, next := g.tests[head].ends(s)
	leave := *out
	for *next >= firstTest && len(g.from[*next]) == 1 {
		member := *next
		if out, next = g.tests[member].ends(s); *out != leave || !g.tests[member].isJump() {
			break
		}
		members = append(members, member)
		g.done[member] = true
	}
	if len(members) > 1 {
		g.relink(members, g.grouped(members), s)
	}
}

// loaded is the field that a test reads; of bits that are compared with 0 it is
// all of it, as for BPF that is one instruction.
func (t *test) loaded() field {
	f := t.field()
	if t.exact() && t.lo == 0 {
		f.mask = everyBit
	}
	return f
}

// grouped are members by field: first those of the field that was read last on
// all ways to the chain, then as the fields first come.
func (g *graph) grouped(members []int32) []int32 {
	byField := make(map[field][]int32)
	var order []field
	if f, common := g.before(members[0]); common {
		order = append(order, f)
	}
	for _, m := range members {
		f := g.tests[m].loaded()
		if len(byField[f]) == 0 && !(len(order) > 0 && order[0] == f) {
			order = append(order, f)
		}
		byField[f] = append(byField[f], m)
	}
	sorted := make([]int32, 0, len(members))
	for _, f := range order {
		sorted = append(sorted, byField[f]...)
	}
	return sorted
}

// before is the field that all tests that jump to at read.
func (g *graph) before(at int32) (f field, common bool) {
	for i, from := range g.from[at] {
		if read := g.tests[g.jumping(from, at)].loaded(); i == 0 {
			f = read
		} else if read != f {
			return field{}, false
		}
	}
	return f, at != g.start
}

// jumping is the test that jumps to the test to, where from did in the beginning.
func (g *graph) jumping(from, to int32) int32 {
	if t := &g.tests[from]; t.yes == to || t.no == to {
		return from
	}
	return g.moved[from]
}

// relink puts sorted in the place of members.
func (g *graph) relink(members, sorted []int32, s side) {
	head, first := members[0], sorted[0]
	last, end := members[len(members)-1], sorted[len(sorted)-1]
	_, exit := g.tests[last].ends(s)
	to := *exit
	for _, from := range g.from[head] {
		t := &g.tests[g.jumping(from, head)]
		if t.yes == head {
			t.yes = first
		}
		if t.no == head {
			t.no = first
		}
	}
	for i, m := range sorted[:len(sorted)-1] {
		_, stay := g.tests[m].ends(s)
		*stay = sorted[i+1]
	}
	_, exit = g.tests[end].ends(s)
	*exit = to
	g.moved[last] = end
}
