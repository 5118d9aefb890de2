package flow

import "time"

// lossMarks is how many losses are remembered apart.
const lossMarks = 512

// losses remembers when the mirror lost packets, to the second.
type losses struct {
	marks [lossMarks]lossMark // a ring
	n     int                 // marks made, ever
	// forgotten is until when losses are no longer told apart.
	forgotten int64
}

// lossMark is a loss: at some time between two packets that came.
type lossMark struct {
	from, to int64 // ns
	lost     uint64
}

// add notes that packets were lost between two times, in ns.
func (l *losses) add(from, to int64, lost uint64) {
	if l.n > 0 {
		newest := &l.marks[(l.n-1)%lossMarks]
		if to-newest.to < int64(time.Second) && to-from < int64(time.Second) {
			newest.from, newest.to = min(newest.from, from), max(newest.to, to)
			newest.lost += lost
			return
		}
	}
	m := &l.marks[l.n%lossMarks]
	l.forgotten = max(l.forgotten, m.to)
	*m = lossMark{from, to, lost}
	l.n++
}

// between is how many packets may have been lost from one time to another, in ns, a second more at each end. Of a time that is no longer
// remembered, some were.
func (l *losses) between(from, to int64) (lost uint64) {
	from, to = from-int64(time.Second), to+int64(time.Second)
	if from < l.forgotten {
		lost++
	}
	for i := l.n - 1; i >= max(l.n-lossMarks, 0); i-- {
		if m := &l.marks[i%lossMarks]; m.to >= from && m.from <= to {
			lost += m.lost
		}
	}
	return lost
}
