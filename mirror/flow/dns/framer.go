package dns

import "encoding/binary"

// maxMessage is how long a message over TCP is read to be; longer ones are skipped.
const maxMessage = 16 << 10

// Framer cuts one direction of a TCP connection into messages (RFC 1035 section 4.2.2). Its zero value is at the beginning of one.
type Framer struct {
	buffer []byte
	skip   uint64
	lost   bool
}

// Take takes the next bytes, or with missing the number of those that were not seen, and calls f with each whole message. After a gap
// that is longer than the message it is in, nothing more can be told apart.
func (r *Framer) Take(data []byte, missing uint64, f func([]byte)) {
	if missing > 0 {
		r.gap(missing)
	}
	for len(data) > 0 && !r.lost {
		if r.skip > 0 {
			n := min(r.skip, uint64(len(data)))
			r.skip -= n
			data = data[n:]
			continue
		}
		want := 2
		if len(r.buffer) >= 2 {
			want += int(binary.BigEndian.Uint16(r.buffer))
		}
		n := min(want-len(r.buffer), len(data))
		r.buffer = append(r.buffer, data[:n]...)
		data = data[n:]
		r.whole(f)
	}
}

// whole gives away the message in the buffer once it is whole.
func (r *Framer) whole(f func([]byte)) {
	if len(r.buffer) < 2 {
		return
	}
	length := int(binary.BigEndian.Uint16(r.buffer))
	switch {
	case len(r.buffer) == 2 && (length > maxMessage || length == 0):
		r.skip = uint64(length)
		r.buffer = r.buffer[:0]
	case len(r.buffer) == 2+length:
		f(r.buffer[2:])
		r.buffer = r.buffer[:0]
	}
}

func (r *Framer) gap(missing uint64) {
	left := r.skip
	if len(r.buffer) >= 2 {
		left = uint64(2+int(binary.BigEndian.Uint16(r.buffer))) - uint64(len(r.buffer))
	}
	if missing > left || len(r.buffer) == 1 {
		r.lost = true
		return
	}
	r.skip, r.buffer = left-missing, r.buffer[:0]
}
