package filter

// operation is what a step does.
type operation uint8

const (
	push           operation = iota // value
	pushLength                      // of the frame on the wire
	pushRead                        // what load reads at value and ip, as a test does
	fetch                           // what load reads, at the sum of value and the top, which it replaces
	fetchTransport                  // likewise, but the length of the IPv4 header at value is added too
	negate
	add
	subtract
	multiply
	divide
	modulo
	bitAnd
	bitOr
	bitXor
	shiftLeft
	shiftRight
	isEqual // the comparisons give 1 or 0
	isGreater
	isAtLeast
)

// step is one of a computation on a stack of numbers of 32 bits.
type step struct {
	operation operation
	load      load
	value, ip uint32
}

// maxStack is how many numbers a computation may have to remember.
const maxStack = 16

// guard is a condition under which a number can be read from a frame.
type guard struct {
	kind guardKind
	at   place
	of   protocol
}

type guardKind uint8

const (
	guardProtocol      guardKind = iota // the frame carries of
	guardFirstFragment                  // and is no later fragment of it
	guardNextHeader                     // of is right behind the IPv6 header
)

// number is an arithmetic expression.
type number struct {
	steps  []step
	depth  int // how far the stack grows
	guards []guard
	// plain says that it is a number as written, perhaps in parentheses: then it may
	// also be a port or an address.
	plain bool
	at    int // offset in the text
}

func constant(v uint32) number { return number{steps: []step{{operation: push, value: v}}, depth: 1} }

// constant is the value of n, if it does not depend on the frame.
func (n *number) constant() (v uint32, ok bool) {
	if len(n.steps) == 1 && n.steps[0].operation == push {
		return n.steps[0].value, true
	}
	return 0, false
}

// negated is -n.
func (n number) negated() number {
	if v, ok := n.constant(); ok {
		return constant(-v)
	}
	n.steps, n.plain = append(n.steps, step{operation: negate}), false
	return n
}

// with is n op m. As in libpcap, what m needs from the frame is not a condition
// then: the frame is refused if it is too short, and else read whatever it is.
func (n number) with(op operation, m number) number {
	a, aKnown := n.constant()
	b, bKnown := m.constant()
	result := constant(0)
	switch {
	case aKnown && bKnown:
		v, _ := calculate(op, a, b)
		result = constant(v)
	case bKnown && b == 0 && (op == multiply || op == bitAnd):
	case aKnown && a == 0 && op != add && op != subtract && op != bitOr && op != bitXor:
	default:
		result = number{steps: append(append(n.steps, m.steps...), step{operation: op}), depth: max(n.depth, 1+m.depth)}
	}
	result.guards, result.at = n.guards, n.at
	return result
}

// calculate is a op b. It fails where libpcap gives the frame up.
func calculate(op operation, a, b uint32) (v uint32, ok bool) {
	switch op {
	case add:
		return a + b, true
	case subtract:
		return a - b, true
	case multiply:
		return a * b, true
	case divide, modulo:
		if b == 0 {
			return 0, false
		}
		if op == divide {
			return a / b, true
		}
		return a % b, true
	case bitAnd:
		return a & b, true
	case bitOr:
		return a | b, true
	case bitXor:
		return a ^ b, true
	case shiftLeft:
		return a << b, true
	case shiftRight:
		return a >> b, true
	case isEqual:
		return truth(a == b), true
	case isGreater:
		return truth(a > b), true
	}
	return truth(a >= b), true
}

func truth(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// access reads a header that begins at base from the byte index on; behind an IPv4
// header at base if transport. It takes the guards of the index over.
func (index number) access(base uint32, transport bool, size uint32) number {
	if v, ok := index.constant(); ok {
		read := step{operation: pushRead, load: loadByte.sized(size), value: base + v, ip: base}
		if transport {
			read.load = loadTransport1.sized(size)
		}
		index.steps = []step{read}
	} else {
		s := step{operation: fetch, load: loadByte.sized(size), value: base}
		if transport {
			s.operation = fetchTransport
		}
		index.steps = append(index.steps, s)
	}
	index.plain = false
	return index
}

// compute runs steps on a frame. It fails if the frame is too short, and on
// division by zero.
func compute(steps []step, frame []byte, wireLen uint32) (v uint32, ok bool) {
	var stack [maxStack]uint32
	top := -1
	for _, s := range steps {
		switch s.operation {
		case push:
			top++
			stack[top] = s.value
		case pushLength:
			top++
			stack[top] = wireLen
		case pushRead:
			top++
			if stack[top], ok = s.load.read(frame, uint64(s.value), s.ip); !ok {
				return 0, false
			}
		case fetch, fetchTransport:
			if stack[top], ok = s.fetch(stack[top], frame); !ok {
				return 0, false
			}
		case negate:
			stack[top] = -stack[top]
		default:
			if stack[top-1], ok = calculate(s.operation, stack[top-1], stack[top]); !ok {
				return 0, false
			}
			top--
		}
	}
	return stack[0], true
}

// fetch reads from frame what lies index behind the step's place.
func (s step) fetch(index uint32, frame []byte) (v uint32, ok bool) {
	if s.operation == fetchTransport {
		first, ok := loadByte.read(frame, uint64(s.value), 0)
		if !ok {
			return 0, false
		}
		index += uint32(headerLen(byte(first)))
	}
	return s.load.read(frame, uint64(index)+uint64(s.value), 0)
}
