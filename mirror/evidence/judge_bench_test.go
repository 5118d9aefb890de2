package evidence

import (
	"fmt"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// One tick for a session of 500 sources, with a minute of counters behind it.
func BenchmarkJudge(b *testing.B) {
	var guests []*guest
	for n := range 500 {
		guests = append(guests, &guest{name: fmt.Sprint(n), port: fmt.Sprint(n), host: "esx-01", mac: frame.MAC{0, 0x50, 0x56, 0, byte(n >> 8), byte(n)}, from: 1, to: 1})
	}
	s := newStage(b, mirror.ERSPAN2, guests...)
	s.pass(70)
	for b.Loop() {
		s.now = s.now.Add(time.Second)
		s.judgeNow()
	}
}
