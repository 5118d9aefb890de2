package sequence

const (
	// window is how far behind the newest number a late packet is still told from a duplicate. A power of two.
	window = 1024
	// MaxGap is the largest step forward that counts as loss, in numbers. Beyond it another explanation is likelier: a sender that began
	// anew, or an outage whose size nobody can tell from a number.
	MaxGap = 1 << 16
	// near is how close two numbers that fit nothing have to be to make a new beginning.
	near = 64
	// maxRepeats is how often one number may come before it is no number at all: senders exist whose sequence is always zero.
	maxRepeats = 16
)

// Space follows the numbers of one sequence space (RFC 2890 section 2.2), compared as RFC 1982 says. The zero value is ready. Its
// counts are estimates: a packet that was lost and one that was never sent look the same. Calls must not run at the same time.
type Space struct {
	Packets uint64 // that bore a number

	top     uint32 // the newest
	span    uint32 // how many numbers up to top the bitmap speaks of
	started bool
	varying bool // two different numbers were seen
	astray  bool
	stray   uint32              // the last number that fitted nothing, if astray
	seen    [window / 64]uint64 // by number modulo window

	Lost       uint64 // numbers passed over and not come late; falls when one comes late
	Reordered  uint64 // came after a higher number
	Duplicated uint64
	Resets     uint64 // the numbers began anew elsewhere
	Strays     uint64 // fitted nothing, and nothing after them confirmed a reset
	repeats    uint64 // of the first number, while it is the only one
}

// Usable reports whether the counts mean anything: the numbers change, and they mostly follow each other.
func (s *Space) Usable() bool {
	return Usable(s.varying, s.Packets, s.Strays+s.Resets)
}

// Observe takes the number of one packet, and reports whether it is one that was to be expected: not a duplicate, and not far off.
func (s *Space) Observe(number uint32) bool {
	s.Packets++
	switch {
	case !s.started:
		s.begin(number)
		return true
	case !s.varying && number == s.top:
		s.repeats++
		return false
	case !s.varying && s.repeats > maxRepeats:
		s.begin(number)
		return true
	case !s.varying:
		s.Duplicated += s.repeats
		s.varying = true
	}
	return s.follow(number)
}

// Next takes the number that follows the newest one, which nearly all do. It reports false, and takes nothing, where there is more to it.
func (s *Space) Next(number uint32) bool {
	if number != s.top+1 || !s.varying || s.astray {
		return false
	}
	s.Packets++
	s.top = number
	s.span = min(s.span+1, window)
	s.seen[number%window/64] |= 1 << (number % 64)
	return true
}

// begin starts a space at number: nothing before it is missed.
func (s *Space) begin(number uint32) {
	s.started, s.astray, s.repeats = true, false, 0
	s.top, s.span = number, 1
	clear(s.seen[:])
	s.mark(number)
}

// Pause leaves the next numbers out: the space begins anew with the one that it takes then.
func (s *Space) Pause() { s.started, s.varying = false, false }

// Leave is called when the space is followed elsewhere from now on: Next takes nothing more. Observe must not be called until Join.
func (s *Space) Leave() { s.astray = true }

// Join has the space followed here again, and adds what was counted of it elsewhere. It begins anew with the number that it takes next.
func (s *Space) Join(n Numbers) {
	*s = Space{
		Packets: s.Packets + n.Packets, Lost: s.Lost + n.Lost, Reordered: s.Reordered + n.Reordered,
		Duplicated: s.Duplicated + n.Duplicated, Resets: s.Resets + n.Resets, Strays: s.Strays + n.Strays,
		varying: s.varying || n.Usable,
	}
}

func (s *Space) follow(number uint32) bool {
	fits := true
	switch ahead := int64(int32(number - s.top)); {
	case ahead > 0 && ahead <= MaxGap:
		s.advance(number, uint32(ahead))
	case ahead <= 0 && -ahead < window:
		fits = s.late(number, uint32(-ahead))
	default:
		s.misfit(number)
		return false
	}
	s.astray = false
	return fits
}

func (s *Space) advance(number, by uint32) {
	switch {
	case by >= window:
		clear(s.seen[:])
	case by > 1:
		s.unmark(s.top+1, by-1)
	}
	s.Lost += uint64(by - 1)
	s.top, s.span = number, min(s.span+by, window)
	s.mark(number)
}

func (s *Space) late(number, behind uint32) bool {
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
func (s *Space) misfit(number uint32) {
	step := int32(number - s.stray)
	if !s.astray || step > near || step < -near {
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

// unmark unmarks count numbers from first on, fewer than window, a word at a time.
func (s *Space) unmark(first, count uint32) {
	for count > 0 {
		bit := first % 64
		n := min(count, 64-bit)
		s.seen[first%window/64] &^= ^uint64(0) >> (64 - n) << bit
		first, count = first+n, count-n
	}
}

func (s *Space) mark(n uint32)        { s.seen[n%window/64] |= 1 << (n % 64) }
func (s *Space) marked(n uint32) bool { return s.seen[n%window/64]&(1<<(n%64)) != 0 }
