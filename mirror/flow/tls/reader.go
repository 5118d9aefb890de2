package tls

import "encoding/binary"

// maxHello is how long a hello may be, in bytes; those with keys that withstand quantum computers have some thousand.
const maxHello = 16 << 10

const recordHandshake = 22

// Connection reads the beginning of a connection. Its zero value is ready.
type Connection struct {
	Hello          Hello
	client, server reader
}

// Client takes the next bytes of the client, Server those of the server. It reports whether it has use for more of them.
func (c *Connection) Client(data []byte) (more bool) {
	return c.client.take(data, clientHello, &c.Hello)
}

// Server takes the next bytes of the server. It reports whether it has use for more of them.
func (c *Connection) Server(data []byte) (more bool) {
	return c.server.take(data, serverHello, &c.Hello)
}

// reader collects the first handshake message of one direction out of its records.
type reader struct {
	record  []byte // header and body of the record that is not whole yet
	message []byte
	done    bool
}

// take takes bytes until the hello is whole, or is none.
func (r *reader) take(data []byte, kind int, h *Hello) (more bool) {
	for len(data) > 0 && !r.done {
		want := 5
		if len(r.record) >= 5 {
			want += int(binary.BigEndian.Uint16(r.record[3:]))
		}
		n := min(want-len(r.record), len(data))
		r.record = append(r.record, data[:n]...)
		data = data[n:]
		if len(r.record) >= 5 {
			r.whole(kind, h)
		}
	}
	return !r.done
}

// whole looks at a record whose header is there.
func (r *reader) whole(kind int, h *Hello) {
	length := int(binary.BigEndian.Uint16(r.record[3:]))
	if r.record[0] != recordHandshake || r.record[1] != 3 || length == 0 || length > maxHello {
		r.end()
		return
	}
	if len(r.record) < 5+length {
		return
	}
	r.message = append(r.message, r.record[5:]...)
	r.record = r.record[:0]
	if len(r.message) < 4 {
		return
	}
	size := int(r.message[1])<<16 | int(binary.BigEndian.Uint16(r.message[2:]))
	switch {
	case int(r.message[0]) != kind || size > maxHello:
		r.end()
	case len(r.message) >= 4+size:
		h.hello(kind, r.message[4:4+size])
		r.end()
	}
}

func (r *reader) end() { r.done, r.record, r.message = true, nil, nil }
