// Package http1 reads HTTP/1.x requests and responses (RFC 9112) out of the two directions of a connection, a piece at a time, with
// gaps in it.
//
// Nothing here does IO, reads a clock or is safe for concurrent use. All memory is bounded. Text is as it was sent, cut to a
// length; it may be hostile, and whoever prints it escapes it.
package http1

import "time"

// Exchange is a request and the response to it. Either may be missing: Seen says so.
type Exchange struct {
	Request  Request
	Response Response
}

// Request is what a client asked.
type Request struct {
	Message
	Method string
	Target string // as sent: a path, or a whole URL to a proxy
	Host   string
}

// Response is what a server answered. Interim ones (1xx) are left out but 101.
type Response struct {
	Message
	Status int
	Reason string
}

// Message is what requests and responses have in common.
type Message struct {
	Seen             bool
	Minor            int // of the version HTTP/1.Minor
	ContentType      string
	ContentEncoding  string
	TransferEncoding string
	// Begin and End are the times of its first and its last byte; End is zero while it is under way.
	Begin, End time.Time
	// BodyBytes is the length of the body as it was sent, without the marks of chunks; of it Missing were not seen.
	BodyBytes, Missing uint64
	// DecodedBytes is the length of the body once it is decompressed. DecodedPartly says that it is more than that, or not known: gaps,
	// damage, too much of it or an encoding that is not known.
	DecodedBytes  uint64
	DecodedPartly bool
	// Body is the beginning of the decoded body, if Limits ask for it.
	Body []byte
}

// Limits bound what a Connection holds. Zero means the default.
type Limits struct {
	Exchanges int // the newest that are kept; default 256
	Header    int // bytes of one message's header; default 64 KiB
	Text      int // bytes of one text; default 2048
	// Encoded is up to how many bytes of a compressed body are kept to decompress them; default 256 KiB. Decoded is where decompressing
	// stops, whatever is left; default 8 MiB.
	Encoded, Decoded int
	// Body is how many bytes of each decoded body are handed over; 0: none.
	Body int
}

func (l Limits) complete() Limits {
	for _, f := range []struct {
		value *int
		usual int
	}{{&l.Exchanges, 256}, {&l.Header, 64 << 10}, {&l.Text, 2048}, {&l.Encoded, 256 << 10}, {&l.Decoded, 8 << 20}} {
		if *f.value <= 0 {
			*f.value = f.usual
		}
	}
	return l
}
