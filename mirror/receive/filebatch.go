package receive

import "time"

// maxFileBatch is how many packets of a file make a batch at most.
const maxFileBatch = 256

// fileBatch makes batches of the packets of a file. A batch ends before the
// input is read on: more of a live capture may have to be waited for, and the
// packets stay where they are no longer than that.
type fileBatch struct {
	intake *intake
	handle Handler
	size   int // packets of the batch that has begun; 0 between two
}

// add makes the next packet, of the given time, a part of the batch, or of a new one.
func (b *fileBatch) add(now time.Time) {
	if b.size == maxFileBatch {
		b.end()
	}
	if b.size == 0 {
		b.intake.begin(now, b.handle)
	}
	b.size++
}

// end ends the batch if one has begun.
func (b *fileBatch) end() {
	if b.size > 0 {
		b.size = 0
		b.intake.end(b.handle)
	}
}
