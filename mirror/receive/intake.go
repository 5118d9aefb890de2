package receive

import "time"

const expireEvery = 250 * time.Millisecond

type packet struct {
	at      time.Time
	ip      []byte
	wireLen int
}

type intake struct {
	tally   tally
	refused RefusedFunc
}

func newIntake(l Limits, refused RefusedFunc) *intake { return &intake{refused: refused} }
func (in *intake) take(p packet, handle Handler)      {}
func (in *intake) expire(now time.Time)               {}
func (in *intake) finish()                            {}
