package filter

// maxTests bounds a program, and with it the time that one frame can take.
const maxTests = 1 << 16

// The ends of a program, as targets of a test.
const (
	accept int32 = iota
	reject
	firstTest // the index of the first test
)

// load says what a test reads.
type load uint8

const (
	loadConstant   load = iota // at itself
	loadLength                 // of the frame on the wire
	loadByte                   // at the offset at
	loadHalf                   // 16 bits, at the offset at
	loadWord                   // 32 bits, at the offset at
	loadTransport1             // 8 bits, at bytes behind the IPv4 header that begins at ip, counted from 0
	loadTransport2             // 16 bits there
	loadTransport4             // 32 bits there
	loadComputed               // the result of the steps from at to ip
)

// sized gives the load of the same kind for 1, 2 or 4 bytes.
func (l load) sized(size uint32) load { return l + load(size/2) }

// test is one comparison and where to go from there: to yes if what was loaded,
// under the mask, is in lo to lo+span, else to no. A frame that is too short for
// the load is rejected.
type test struct {
	load     load
	at, ip   uint32
	mask     uint32
	lo, span uint32
	yes, no  int32
}

// field is what a test looks at.
type field struct {
	load   load
	at, ip uint32
	mask   uint32
}

func (t *test) field() field { return field{t.load, t.at, t.ip, t.mask} }

// holds reports whether the loaded value v is one the test looks for.
func (t *test) holds(v uint32) bool { return v&t.mask-t.lo <= t.span }

// exact reports whether the test looks for one value.
func (t *test) exact() bool { return t.span == 0 }

const everyBit = 0xFFFFFFFF

// equals is a test for one value of a field of the frame.
func equals(l load, at, value uint32) test {
	return test{load: l, at: at, mask: everyBit, lo: value}
}

// masked is a test for one value of some bits of a field of the frame. Of no
// bits it needs no frame: libpcap does not read it either.
func masked(l load, at, mask, value uint32) test {
	if mask == 0 {
		return always(value == 0)
	}
	return test{load: l, at: at, mask: mask, lo: value}
}

// always is a test with a known outcome.
func always(outcome bool) test {
	t := test{load: loadConstant, mask: everyBit}
	if !outcome {
		t.lo = 1
	}
	return t
}

// exits is a list of the ends of tests that go to the same place, not yet known
// where. The list runs through these ends themselves; each is 2·index, plus 1 for
// the end yes.
type exits struct{ first, last int32 }

// branch is a part of a program: it begins at head and leaves by yes or by no.
type branch struct {
	head    int32
	yes, no exits
}

// program is one in the making. Tests are added in the order in which they run,
// so that every jump is forward.
type program struct {
	tests []test
	steps []step
}

func (p *program) full() bool { return len(p.tests) >= maxTests }

// test adds a test.
func (p *program) test(t test) branch {
	if p.tests == nil {
		p.tests = make([]test, firstTest, 16)
	}
	i := int32(len(p.tests))
	t.yes, t.no = -1, -1
	p.tests = append(p.tests, t)
	return branch{head: i, yes: exits{2*i + 1, 2*i + 1}, no: exits{2 * i, 2 * i}}
}

func (p *program) end(exit int32) *int32 {
	t := &p.tests[exit/2]
	if exit%2 == 1 {
		return &t.yes
	}
	return &t.no
}

// direct sends all of e to target.
func (p *program) direct(e exits, target int32) {
	for exit := e.first; exit >= 0; {
		end := p.end(exit)
		exit, *end = *end, target
	}
}

func (p *program) join(a, b exits) exits {
	*p.end(a.last) = b.first
	return exits{a.first, b.last}
}

// and is a, then b, which was added behind it.
func (p *program) and(a, b branch) branch {
	p.direct(a.yes, b.head)
	return branch{head: a.head, yes: b.yes, no: p.join(a.no, b.no)}
}

// or is a, or else b, which was added behind it.
func (p *program) or(a, b branch) branch {
	p.direct(a.no, b.head)
	return branch{head: a.head, yes: p.join(a.yes, b.yes), no: b.no}
}

func not(b branch) branch { return branch{head: b.head, yes: b.no, no: b.yes} }

// finish makes the program of which whole is all, and says where it begins.
func (p *program) finish(whole branch) ([]test, int32) {
	p.direct(whole.yes, accept)
	p.direct(whole.no, reject)
	return thread(p.tests, whole.head)
}
