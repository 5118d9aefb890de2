package evidence

const (
	// seqWindow is how far behind the newest number a late packet is still told from a duplicate. A power of two.
	seqWindow = 1024
	// seqJump is the largest step forward that counts as loss. Beyond it another explanation is likelier: a sender that began anew, or
	// an outage whose size nobody can tell from a number.
	seqJump = 1 << 16
	// seqNear is how close two numbers that fit nothing have to be to make a new beginning.
	seqNear = 64
	// seqRepeats is how often one number may come before it is no number at all: senders exist whose sequence is always zero.
	seqRepeats = 16
)

// sequence follows the numbers of one sequence space (RFC 2890 section 2.2), compared as RFC 1982 says. The zero value is ready. Its
// counts are estimates: a packet that was lost and one that was never sent look the same.
type sequence struct {
	Packets uint64 // that bore a number

	top     uint32 // the newest
	span    uint32 // how many numbers up to top the bitmap speaks of
	started bool
	varying bool // two different numbers were seen
	astray  bool
	stray   uint32                 // the last number that fitted nothing, if astray
	seen    [seqWindow / 64]uint64 // by number modulo seqWindow

	Lost       uint64 // numbers passed over and not come late; falls when one comes late
	Reordered  uint64 // came after a higher number
	Duplicated uint64
	Resets     uint64 // the numbers began anew elsewhere
	Strays     uint64 // fitted nothing, and nothing after them confirmed a reset
	repeats    uint64 // of the first number, while it is the only one
}

// Usable reports whether the counts mean anything: the numbers change, and they mostly follow each other.
func (s *sequence) Usable() bool {
	return s.varying && (s.Strays+s.Resets)*8 <= s.Packets+8
}

// Observe takes the number of one packet, and reports whether it is one that was to be expected: not a duplicate, and not far off.
func (s *sequence) Observe(number uint32) bool {
	s.Packets++
	switch {
	case !s.started:
		s.begin(number)
		return true
	case !s.varying && number == s.top:
		s.repeats++
		return false
	case !s.varying && s.repeats > seqRepeats:
		s.begin(number)
		return true
	case !s.varying:
		s.Duplicated += s.repeats
		s.varying = true
	}
	return s.follow(number)
}

// next takes the number that follows the newest one, which nearly all do. It reports false, and takes nothing, where there is more to it.
func (s *sequence) next(number uint32) bool {
	if number != s.top+1 || !s.varying || s.astray {
		return false
	}
	s.Packets++
	s.top = number
	s.span = min(s.span+1, seqWindow)
	s.seen[number%seqWindow/64] |= 1 << (number % 64)
	return true
}

// begin starts a space at number: nothing before it is missed.
func (s *sequence) begin(number uint32) {
	s.started, s.astray, s.repeats = true, false, 0
	s.top, s.span = number, 1
	clear(s.seen[:])
	s.mark(number)
}

// pause leaves the next numbers out: the space begins anew with the one that it takes then.
func (s *sequence) pause() { s.started, s.varying = false, false }

func (s *sequence) follow(number uint32) bool {
	fits := true
	switch ahead := int64(int32(number - s.top)); {
	case ahead > 0 && ahead <= seqJump:
		s.advance(number, uint32(ahead))
	case ahead <= 0 && -ahead < seqWindow:
		fits = s.late(number, uint32(-ahead))
	default:
		s.misfit(number)
		return false
	}
	s.astray = false
	return fits
}

func (s *sequence) advance(number, by uint32) {
	switch {
	case by >= seqWindow:
		clear(s.seen[:])
	case by > 1:
		s.unmark(s.top+1, by-1)
	}
	s.Lost += uint64(by - 1)
	s.top, s.span = number, min(s.span+by, seqWindow)
	s.mark(number)
}

func (s *sequence) late(number, behind uint32) bool {
	switch {
	case behind >= s.span: // before the first number: it was never missed
		s.Reordered++
	case s.marked(number):
		s.Duplicated++
		return false
	default:
		s.mark(number)
		s.Reordered++
		s.Lost--
	}
	return true
}

// misfit takes a number far from all others. One alone is a stray; two close to each other are a new beginning.
func (s *sequence) misfit(number uint32) {
	step := int32(number - s.stray)
	if !s.astray || step > seqNear || step < -seqNear {
		s.stray, s.astray = number, true
		s.Strays++
		return
	}
	first, second := s.stray, number
	if step < 0 {
		first, second = second, first
	}
	s.Strays--
	s.Resets++
	s.begin(first)
	s.follow(second)
}

// unmark unmarks count numbers from first on, fewer than seqWindow, a word at a time.
func (s *sequence) unmark(first, count uint32) {
	for count > 0 {
		bit := first % 64
		n := min(count, 64-bit)
		s.seen[first%seqWindow/64] &^= ^uint64(0) >> (64 - n) << bit
		first, count = first+n, count-n
	}
}

func (s *sequence) mark(n uint32)        { s.seen[n%seqWindow/64] |= 1 << (n % 64) }
func (s *sequence) marked(n uint32) bool { return s.seen[n%seqWindow/64]&(1<<(n%64)) != 0 }
