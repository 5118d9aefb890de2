package sequence

// Numbers is the accounting of a sequence space by whoever follows it: in a ledger, or in the kernel. They are estimates that tell lost
// packets from late, doubled and misplaced ones.
type Numbers struct {
	Packets    uint64 // that bore a number
	Lost       uint64 // numbers passed over and not come late
	Reordered  uint64 // came after a higher number
	Duplicated uint64
	Resets     uint64 // the numbers began anew elsewhere
	Strays     uint64 // fitted nothing, and nothing after them confirmed a reset
	// Aliens counts packets of one session whose number did not fit in with all that their exporter sends. It stays 0 where that is not
	// followed.
	Aliens uint64
	Usable bool // the counts mean anything: see Usable
}

// Usable reports whether the numbers of so many packets mean anything: they vary, and they mostly follow each other. begun is how often
// they began anew, or seemed to.
func Usable(vary bool, packets, begun uint64) bool { return vary && begun*8 <= packets+8 }
