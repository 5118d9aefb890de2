package http1

import (
	"bytes"
	"strconv"
	"time"
)

type state uint8

const (
	start state = iota
	header
	counted    // a body of so many bytes
	chunkSize  // the line before a chunk
	chunkData  // so many bytes of a chunk
	chunkEnd   // the line end behind it
	trailer    // lines behind the last chunk
	untilClose // a body that ends with the connection
	lost       // a gap or nonsense: wait for what looks like a beginning
)

// maxLine bounds lines between chunks.
const maxLine = 4096

// reader reads one direction.
type reader struct {
	c       *Connection
	request bool
	state   state
	buffer  []byte // of a header or a line that is not whole yet
	left    uint64 // bytes of the body or the chunk
	number  uint64 // of the exchange that is being read
	began   time.Time
	body    body
}

// take reads what it is given to its end.
func (r *reader) take(at time.Time, data []byte, missing uint64) {
	if r.c.other {
		return
	}
	if missing > 0 {
		r.gap(at, missing)
	}
	for len(data) > 0 && !r.c.other {
		switch r.state {
		case lost:
			if !r.begins(data) {
				return
			}
			r.state = start
			if !r.request {
				r.c.resume()
			}
		case start, header:
			data = r.head(at, data)
		case counted, chunkData:
			data = r.counted(at, data)
		case chunkSize, chunkEnd, trailer:
			data = r.line(at, data)
		case untilClose:
			r.add(data)
			data = nil
		}
	}
}

// gap passes over what was not seen: within a body whose length is known that is no harm.
func (r *reader) gap(at time.Time, missing uint64) {
	m := r.message()
	switch {
	case r.state == untilClose, (r.state == counted || r.state == chunkData) && missing <= r.left:
		if m != nil {
			m.Missing += missing
			m.BodyBytes += missing
		}
		r.body.broken = true
		if r.state != untilClose {
			r.left -= missing
			r.whenNoneLeft(at)
		}
	default:
		if m != nil && r.state != start && r.state != header && r.state != lost {
			if r.state == counted {
				missing = min(missing, r.left)
				m.BodyBytes += missing
			}
			m.Missing += missing
			r.body.broken = true
			r.finish(at)
		}
		r.lose()
	}
}

func (r *reader) lose() { r.state, r.buffer = lost, r.buffer[:0] }

// begins reports whether data looks like the beginning of a message.
func (r *reader) begins(data []byte) bool {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if r.request {
		_, _, _, ok := requestLine(bytes.TrimRight(line, "\r"))
		return ok
	}
	_, _, _, ok := statusLine(bytes.TrimRight(line, "\r"))
	return ok
}

// head collects a header and reads it when it is whole. It returns what follows.
func (r *reader) head(at time.Time, data []byte) []byte {
	if r.state == start {
		data = bytes.TrimLeft(data, "\r\n")
		if len(data) == 0 {
			return nil
		}
		r.state, r.began = header, at
	}
	had := len(r.buffer)
	r.buffer = append(r.buffer, data[:min(len(data), r.c.limits.Header+1-had)]...)
	end := headerEnd(r.buffer)
	switch {
	case end > 0:
		rest := data[end-had:]
		h := r.buffer[:end]
		r.buffer = r.buffer[:0]
		r.state = start
		if !r.read(at, h) {
			r.c.Nonsense++
			r.lose()
		}
		return rest
	case len(r.buffer) > r.c.limits.Header || !plausible(r.buffer, r.request):
		r.c.Nonsense++
		r.lose()
	}
	return nil
}

// plausible reports whether b may become a message: a first line that is whole must be one.
func plausible(b []byte, request bool) bool {
	line, _, whole := bytes.Cut(b, []byte("\n"))
	if !whole {
		return request && isToken(b[:min(len(b), 3)]) || !request && bytes.HasPrefix([]byte("HTTP/1."), b[:min(len(b), 7)])
	}
	line = bytes.TrimRight(line, "\r")
	if request {
		_, _, _, ok := requestLine(line)
		return ok
	}
	_, _, _, ok := statusLine(line)
	return ok
}

// headerEnd is the length of the header that b begins with, 0 when it is not whole.
func headerEnd(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0
		}
		if i > 0 && (n == 0 || n == 1 && b[i] == '\r') {
			return i + n + 1
		}
		i += n + 1
	}
}

// message is the one being read, nil when it was forgotten or there is none.
func (r *reader) message() *Message {
	e := r.c.exchange(r.number)
	switch {
	case e == nil:
		return nil
	case r.request:
		return &e.Request.Message
	}
	return &e.Response.Message
}

func (r *reader) counted(at time.Time, data []byte) []byte {
	n := min(uint64(len(data)), r.left)
	r.add(data[:n])
	r.left -= n
	r.whenNoneLeft(at)
	return data[n:]
}

func (r *reader) whenNoneLeft(at time.Time) {
	switch {
	case r.left > 0:
	case r.state == counted:
		r.finish(at)
	default:
		r.state = chunkEnd
	}
}

func (r *reader) add(data []byte) {
	if m := r.message(); m != nil {
		m.BodyBytes += uint64(len(data))
	}
	r.body.add(data, r.c.limits)
}

// line collects a line between chunks and reads it when it is whole.
func (r *reader) line(at time.Time, data []byte) []byte {
	n := bytes.IndexByte(data, '\n')
	take := data
	if n >= 0 {
		take = data[:n+1]
	}
	r.buffer = append(r.buffer, take[:min(len(take), maxLine+1-len(r.buffer))]...)
	if len(r.buffer) > maxLine {
		r.body.broken = true
		r.finish(at)
		r.lose()
		return nil
	}
	if n < 0 {
		return nil
	}
	line := bytes.TrimSpace(r.buffer)
	r.buffer = r.buffer[:0]
	r.chunkLine(at, line)
	return data[n+1:]
}

func (r *reader) chunkLine(at time.Time, line []byte) {
	switch r.state {
	case chunkEnd:
		r.state = chunkSize
	case trailer:
		if len(line) == 0 {
			r.finish(at)
		}
	default:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 63)
		switch {
		case err != nil:
			r.body.broken = true
			r.finish(at)
			r.lose()
		case n == 0:
			r.state = trailer
		default:
			r.state, r.left = chunkData, n
		}
	}
}

// finish ends the message.
func (r *reader) finish(at time.Time) {
	if m := r.message(); m != nil && m.Seen && m.End.IsZero() {
		m.End = at
		r.body.decode(m, r.c.limits)
	}
	r.body = body{}
	r.state = start
	if !r.request {
		r.c.answered = r.number + 1
	}
}
