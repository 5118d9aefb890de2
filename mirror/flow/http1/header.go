package http1

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// requestLine reads "method target HTTP/1.x".
func requestLine(line []byte) (method, target []byte, minor int, ok bool) {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	at := bytes.LastIndexByte(rest, ' ')
	if at < 1 || !isToken(method) || len(method) > 32 {
		return nil, nil, 0, false
	}
	minor, ok = version(rest[at+1:])
	return method, rest[:at], minor, ok
}

// statusLine reads "HTTP/1.x status reason".
func statusLine(line []byte) (status int, reason []byte, minor int, ok bool) {
	v, rest, _ := bytes.Cut(line, []byte(" "))
	if minor, ok = version(v); !ok {
		return 0, nil, 0, false
	}
	code, reason, _ := bytes.Cut(rest, []byte(" "))
	status, err := strconv.Atoi(string(code))
	return status, reason, minor, err == nil && len(code) == 3 && status >= 100
}

func version(b []byte) (minor int, ok bool) {
	if len(b) != 8 || !bytes.HasPrefix(b, []byte("HTTP/1.")) || b[7] < '0' || b[7] > '9' {
		return 0, false
	}
	return int(b[7] - '0'), true
}

// isToken reports whether b is a token of RFC 9110 section 5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c >= 0x7F || bytes.IndexByte([]byte(`"(),/:;<=>?@[\]{}`), c) >= 0 {
			return false
		}
	}
	return len(b) > 0
}

// fields are those of a header that matter here.
type fields struct {
	host, contentType, contentEncoding, transferEncoding string
	length                                               uint64
	hasLength                                            bool
}

// readFields reads the lines of a header behind the first. Folded lines belong to the one before and are left out.
func readFields(b []byte, text int) (f fields) {
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 || name[0] == ' ' || name[0] == '\t' {
			continue
		}
		value = bytes.TrimSpace(value)
		v := string(value[:min(len(value), text)])
		switch {
		case is(name, "host"):
			f.host = v
		case is(name, "content-type"):
			f.contentType = v
		case is(name, "content-encoding"):
			f.contentEncoding = v
		case is(name, "transfer-encoding"):
			f.transferEncoding = v
		case is(name, "content-length"):
			if n, err := strconv.ParseUint(v, 10, 63); err == nil {
				f.length, f.hasLength = n, true
			}
		}
	}
	return f
}

func is(name []byte, want string) bool {
	return len(name) == len(want) && strings.EqualFold(string(name), want)
}

// read reads a header and makes r ready for what follows it.
func (r *reader) read(at time.Time, h []byte) bool {
	first, rest, _ := bytes.Cut(h, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	f := readFields(rest, r.c.limits.Text)
	m := Message{
		Seen: true, ContentType: f.contentType, ContentEncoding: f.contentEncoding, TransferEncoding: f.transferEncoding, Begin: r.began,
	}
	if r.request {
		return r.beginRequest(at, first, f, m)
	}
	return r.beginResponse(at, first, f, m)
}

func (r *reader) beginRequest(at time.Time, line []byte, f fields, m Message) bool {
	method, target, minor, ok := requestLine(line)
	if !ok {
		return false
	}
	m.Minor = minor
	if r.c.asked > r.c.answered && r.c.server.state != lost {
		r.c.piped = true
	}
	r.number = r.c.add(Exchange{Request: Request{
		Message: m, Method: string(method), Target: string(target[:min(len(target), r.c.limits.Text)]), Host: f.host,
	}})
	r.c.asked = r.number + 1
	r.body.begin(f.contentEncoding)
	switch {
	case chunked(f):
		r.state = chunkSize
	case f.hasLength && f.length > 0:
		r.state, r.left = counted, f.length
	default:
		r.finish(at)
	}
	return true
}

func (r *reader) beginResponse(at time.Time, line []byte, f fields, m Message) bool {
	status, reason, minor, ok := statusLine(line)
	if !ok {
		return false
	}
	if status < 200 && status != 101 {
		return true
	}
	m.Minor = minor
	r.number = r.c.answer()
	e := r.c.exchange(r.number)
	method := e.Request.Method
	e.Response = Response{Message: m, Status: status, Reason: string(reason[:min(len(reason), r.c.limits.Text)])}
	r.body.begin(f.contentEncoding)
	switch { // RFC 9112 section 6.3
	case status == 101, method == "CONNECT" && status < 300:
		r.finish(at)
		r.c.other = true
	case method == "HEAD", status == 204, status == 304:
		r.finish(at)
	case chunked(f):
		r.state = chunkSize
	case f.transferEncoding != "" || !f.hasLength:
		r.state = untilClose
	case f.length > 0:
		r.state, r.left = counted, f.length
	default:
		r.finish(at)
	}
	return true
}

// chunked reports whether chunked is the last transfer encoding.
func chunked(f fields) bool {
	last := f.transferEncoding[strings.LastIndexByte(f.transferEncoding, ',')+1:]
	return strings.EqualFold(strings.TrimSpace(last), "chunked")
}
