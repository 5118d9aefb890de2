package sequence

// Trial decides whether it is worth following all that an exporter sends as one Space. An exporter that counts each session apart makes
// nonsense of it, and then nothing is learnt for some time but that no number fits. The zero value is ready. It goes with one Space.
type Trial struct {
	noted, misfits uint32
	since          uint64 // packets of the space when it began
	rest           uint32 // numbers to let pass
}

const (
	TrialLength = 1024    // numbers that do not simply follow the one before, and that are looked at
	TrialRest   = 1 << 16 // numbers that are let pass after a trial in which most packets fitted nowhere
)

// Observe has the space take a number that is not the next one, and reports whether it was to be expected there; or lets it pass, and
// reports that it was not observed.
func (t *Trial) Observe(s *Space, number uint32) (fits, observed bool) {
	if t.rest > 0 {
		t.rest--
		return false, false
	}
	fits = s.Observe(number)
	if t.note(fits, s.Packets) {
		s.Pause() // to follow one of the sessions by chance would hide what that one loses
	}
	return fits, true
}

// note notes how a number fitted; packets is how many the space has seen. It reports whether the next ones are to be let pass.
func (t *Trial) note(fits bool, packets uint64) (rests bool) {
	t.noted++
	if !fits {
		t.misfits++
	}
	if t.noted < TrialLength {
		return false
	}
	rests = uint64(t.misfits)*2 > packets-t.since
	*t = Trial{since: packets}
	if rests {
		t.rest = TrialRest
	}
	return rests
}
