package evidence

import (
	"slices"
	"time"
)

// course is what had arrived of one source at each tick, or at some of them where they come fast, over the last Options.Memory and a little more, oldest first.
type course struct {
	list []mark
}

// mark is what had arrived at a moment: for certain, and what may be of the source beside.
type mark struct {
	at               time.Time
	direct, possible lanes
	elsewise         uint64 // packets of the source that confirm nothing: from strangers, or of another encapsulation or id
}

const (
	// maxMarks bounds a course.
	maxMarks = 160
	// minApart is how far apart marks are kept: ticks may come faster than once a second.
	minApart = 500 * time.Millisecond
)

// add takes the counts of a tick.
func (c *course) add(m mark, memory time.Duration) {
	if n := len(c.list); n > 0 && (m.direct.less(c.list[n-1].direct) || m.possible.less(c.list[n-1].possible)) {
		c.list = c.list[:0] // the ledger began anew
	}
	if n := len(c.list); n > 1 && c.list[n-1].at.Sub(c.list[n-2].at) < minApart {
		c.list = c.list[:n-1]
	}
	drop := 0
	for drop < len(c.list)-1 && (m.at.Sub(c.list[drop].at) > memory || len(c.list)-drop >= maxMarks) {
		drop++
	}
	c.list = append(slices.Delete(c.list, 0, drop), m)
}

func (l lanes) less(o lanes) bool {
	return l.from.Packets < o.from.Packets || l.to.Packets < o.to.Packets
}

// before is the last mark at or before t; ok is false where there is none.
func (c *course) before(t time.Time) (m mark, ok bool) {
	if i := c.search(t.Add(1)); i > 0 {
		return c.list[i-1], true
	}
	return mark{}, false
}

// after is the first mark at or after t, or the last of all.
func (c *course) after(t time.Time) mark { return c.list[min(c.search(t), len(c.list)-1)] }

// search is the index of the first mark at or after t.
func (c *course) search(t time.Time) int {
	i, _ := slices.BinarySearchFunc(c.list, t, func(m mark, t time.Time) int { return m.at.Compare(t) })
	return i
}
