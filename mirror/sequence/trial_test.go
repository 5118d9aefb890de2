package sequence

import "testing"

// wholly takes a number of all that an exporter sends, and reports whether it fits.
func wholly(s *Space, t *Trial, number uint32) (fits bool) {
	if s.Next(number) {
		return true
	}
	fits, _ = t.Observe(s, number)
	return fits
}

// An exporter that counts each of its sessions apart is not followed as a whole for long; one that counts them together is, and so is
// one that begins to.
func TestTrial(t *testing.T) {
	var apart, together Space
	var apartTrial, togetherTrial Trial
	var numbers [8]uint32
	for i := range numbers {
		numbers[i] = uint32(i) << 24
	}
	fitted, followed := 0, apart.Packets
	for i := range 100_000 {
		numbers[i%8]++
		if wholly(&apart, &apartTrial, numbers[i%8]) {
			fitted++
		}
		if i == 50_000 {
			followed = apart.Packets
		}
		wholly(&together, &togetherTrial, uint32(i+i/100)) // with losses
	}
	if fitted > 10_000 || followed > 10_000 || apart.Usable() {
		t.Errorf("counted apart: %d numbers fitted, %d were looked at, usable %t", fitted, followed, apart.Usable())
	}
	if together.Packets != 100_000 || together.Lost != 999 || !together.Usable() {
		t.Errorf("counted together: %d packets, %d lost", together.Packets, together.Lost)
	}
	before := apart.Packets
	for i := range uint32(200_000) {
		wholly(&apart, &apartTrial, 1<<31+i)
	}
	if n := apart.Packets - before; n < 100_000 {
		t.Errorf("when it counts together, only %d of 200000 numbers are looked at", n)
	}
}

// While it lets numbers pass, it follows none of the sessions by chance: what that one lost would be hidden by a whole that lost nothing.
func TestRestingWholeFollowsNone(t *testing.T) {
	for odd := range uint32(2) {
		var whole Space
		var trial Trial
		var numbers [2]uint32
		numbers[1] = 1 << 30
		fitted := 0
		for i := range uint32(60_000) {
			n := &numbers[(i+odd)/2%2] // two of the one, two of the other: each seems to be a new beginning
			*n++
			if wholly(&whole, &trial, *n) && i > 3*TrialLength {
				fitted++
			}
		}
		if fitted > 0 || whole.Usable() {
			t.Errorf("%d numbers fitted into a whole at rest, usable %t", fitted, whole.Usable())
		}
	}
}
