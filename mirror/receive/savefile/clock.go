package savefile

import (
	"math/bits"
	"time"
)

// clock is what the times of an interface count.
type clock struct {
	perSecond uint64 // ticks; 0 if they do not fit 64 bits
	nanos     uint64 // of one tick; 0 if that is no whole number
	offset    int64  // what is to be added, s
}

// microseconds is the clock of an interface that does not speak of it.
var microseconds = clock{perSecond: 1e6, nanos: 1e3}

// setResolution reads the option if_tsresol: an exponent of 10, or of 2 if the
// highest bit is set.
func (c *clock) setResolution(b byte) {
	base, exponent, fits := uint64(10), b, b <= 19 // 10^19 is the last below 2^64
	if b&0x80 != 0 {
		base, exponent = 2, b&0x7F
		fits = exponent <= 63
	}
	c.perSecond, c.nanos = 0, 0
	if !fits {
		return
	}
	c.perSecond = 1
	for range exponent {
		c.perSecond *= base
	}
	if 1e9%c.perSecond == 0 {
		c.nanos = 1e9 / c.perSecond
	}
}

// at is the time after so many ticks.
func (c *clock) at(ticks uint64) time.Time {
	if c.perSecond == 0 {
		return time.Time{}
	}
	seconds := ticks / c.perSecond
	nanos := ticks - seconds*c.perSecond
	if c.nanos != 0 {
		nanos *= c.nanos
	} else {
		high, low := bits.Mul64(nanos, 1e9)
		nanos, _ = bits.Div64(high, low, c.perSecond) // high < perSecond, since nanos was
	}
	return time.Unix(int64(seconds)+c.offset, int64(nanos)).UTC()
}
