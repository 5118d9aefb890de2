package xdp

// trial decides whether it is worth following all that an exporter sends as one sequence space. An exporter that counts each session
// apart makes nonsense of it, and then nothing is learnt for some time but that no number fits.
type trial struct {
	noted, misfits uint32
	since          uint64 // packets of the space when it began
	rest           uint32 // numbers to let pass
}

const (
	trialLen  = 1024    // numbers that do not simply follow the one before, and that are looked at
	trialRest = 1 << 16 // numbers that are let pass after a trial in which most packets fitted nowhere
)

// resting reports whether a number is to be let pass, and lets it.
func (t *trial) resting() bool {
	if t.rest == 0 {
		return false
	}
	t.rest--
	return true
}

// note notes how a number fitted that does not simply follow the one before; packets is how many the space has seen. It reports whether
// the next ones are to be let pass.
func (t *trial) note(fits bool, packets uint64) (rests bool) {
	t.noted++
	if !fits {
		t.misfits++
	}
	if t.noted < trialLen {
		return false
	}
	rests = uint64(t.misfits)*2 > packets-t.since
	*t = trial{since: packets}
	if rests {
		t.rest = trialRest
	}
	return rests
}
