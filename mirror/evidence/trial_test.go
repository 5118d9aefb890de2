package evidence

import "testing"

// An exporter that counts each of its sessions apart is not followed as a whole for long; one that counts them together is, and so is
// one that begins to.
func TestTrial(t *testing.T) {
	var apart, together stream
	var numbers [8]uint32
	for i := range numbers {
		numbers[i] = uint32(i) << 24
	}
	fitted, followed := 0, apart.Packets
	for i := range 100_000 {
		numbers[i%8]++
		if fits, _ := apart.inWhole(numbers[i%8]); fits {
			fitted++
		}
		if i == 50_000 {
			followed = apart.Packets
		}
		together.inWhole(uint32(i + i/100)) // with losses
	}
	if fitted > 10_000 || followed > 10_000 || apart.Usable() {
		t.Errorf("counted apart: %d numbers fitted, %d were looked at, usable %t", fitted, followed, apart.Usable())
	}
	if together.Packets != 100_000 || together.Lost != 999 || !together.Usable() {
		t.Errorf("counted together: %d packets, %d lost", together.Packets, together.Lost)
	}
	before := apart.Packets
	for i := range uint32(200_000) {
		apart.inWhole(1<<31 + i)
	}
	if n := apart.Packets - before; n < 100_000 {
		t.Errorf("when it counts together, only %d of 200000 numbers are looked at", n)
	}
}
