package receive

import (
	"io"
	"time"
)

// maxFileBatch is how many packets of a file make a batch at most.
const maxFileBatch = 256

// fileBatch makes batches of the packets of a file. It is what the reader of
// the file reads from, so that a batch ends before the input is waited for.
type fileBatch struct {
	in     io.Reader
	intake *intake
	handle Handler // nil before Run
	size   int     // packets of the batch that has begun; 0 between two
}

// Read ends the batch and reads on.
func (b *fileBatch) Read(p []byte) (int, error) {
	b.end()
	return b.in.Read(p)
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
