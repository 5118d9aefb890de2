package savefile

import "io"

// chunk is how much is asked of the input at once, bytes. It fits the
// second-level cache beside what else is at work.
const chunk = 1 << 17

// MaxBlock bounds the bytes of a packet or of a block that are held in memory
// at once. Blocks of no interest may be longer.
const MaxBlock = 1 << 24

// maxIdleReads is how often the input may give nothing in a row.
const maxIdleReads = 100

// window is the part of the input that is in memory.
type window struct {
	in      io.Reader
	before  func() // called before what is in buf moves
	buf     []byte
	at, end int   // buf[at:end] has been read and not taken
	err     error // what ended the input
}

func newWindow(in io.Reader) *window {
	return &window{in: in, before: func() {}, buf: make([]byte, chunk)}
}

// rest is what has been read and not taken.
func (w *window) rest() []byte { return w.buf[w.at:w.end] }

// take moves past n bytes that were peeked.
func (w *window) take(n int) { w.at += n }

// peek returns the next n bytes, at most MaxBlock, which are valid until the
// next peek. If the input ends before them, peek returns what there is and
// io.EOF if that is nothing, or io.ErrUnexpectedEOF.
func (w *window) peek(n int) ([]byte, error) {
	if w.end-w.at < n {
		return w.fill(n)
	}
	return w.buf[w.at : w.at+n], nil
}

// fill is peek of what has to be read first.
func (w *window) fill(n int) ([]byte, error) {
	for idle := 0; w.end-w.at < n; {
		if w.err != nil {
			return w.rest(), w.ended()
		}
		w.before()
		w.makeRoom()
		got, err := w.in.Read(w.buf[w.end:])
		if got > 0 {
			idle = 0
		} else if idle++; err == nil && idle == maxIdleReads {
			err = io.ErrNoProgress
		}
		w.end += got
		w.err = err
	}
	return w.buf[w.at : w.at+n], nil
}

// ended says how the input ended before what was wanted.
func (w *window) ended() error {
	if w.err == io.EOF && w.end > w.at {
		return io.ErrUnexpectedEOF
	}
	return w.err
}

// makeRoom moves what is left, always less than a packet or a block, to the
// front. The buffer grows only when it is full: what is announced and never
// comes costs nothing.
func (w *window) makeRoom() {
	if w.at > 0 {
		w.end = copy(w.buf, w.rest())
		w.at = 0
	}
	if w.end == len(w.buf) {
		grown := make([]byte, min(2*len(w.buf), MaxBlock))
		copy(grown, w.buf)
		w.buf = grown
	}
}

// skip moves past n bytes, which need not be in memory.
func (w *window) skip(n int64) error {
	for n > int64(w.end-w.at) {
		n -= int64(w.end - w.at)
		w.at, w.end = 0, 0
		if _, err := w.fill(1); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	w.at += int(n)
	return nil
}
