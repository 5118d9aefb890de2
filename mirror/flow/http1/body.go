package http1

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
)

// body is the beginning of a body as it was sent.
type body struct {
	encoding string
	bytes    []byte
	size     uint64
	broken   bool // part of it is missing
}

func (b *body) begin(encoding string) {
	*b = body{encoding: strings.ToLower(strings.TrimSpace(encoding))}
}

func (b *body) plain() bool { return b.encoding == "" || b.encoding == "identity" }

// add keeps what decode will need: of a plain body no more than is handed over.
func (b *body) add(data []byte, l Limits) {
	b.size += uint64(len(data))
	keep := l.Encoded
	if b.plain() {
		keep = l.Body
	}
	if b.broken || len(b.bytes) >= keep {
		return
	}
	b.bytes = append(b.bytes, data[:min(len(data), keep-len(b.bytes))]...)
}

// decode says how long the body is, decompressed.
func (b *body) decode(m *Message, l Limits) {
	if b.plain() {
		m.DecodedBytes, m.DecodedPartly = b.size, b.broken
		if l.Body > 0 {
			m.Body = bytes.Clone(b.bytes)
		}
		return
	}
	m.DecodedPartly = true
	if b.size == 0 {
		m.DecodedPartly = b.broken
		return
	}
	r, ok := decoder(b.encoding, b.bytes)
	if !ok {
		return
	}
	bounded := &io.LimitedReader{R: r, N: int64(l.Decoded) + 1} // a bomb goes off no further than this
	if l.Body > 0 {
		kept, _ := io.ReadAll(io.LimitReader(bounded, int64(l.Body)))
		m.Body = kept
		m.DecodedBytes = uint64(len(kept))
	}
	n, err := io.Copy(io.Discard, bounded)
	m.DecodedBytes = min(m.DecodedBytes+uint64(n), uint64(l.Decoded))
	m.DecodedPartly = err != nil || bounded.N == 0 || b.broken || uint64(len(b.bytes)) < b.size
}

// decoder decompresses what b begins with. Of several encodings, none is known.
func decoder(encoding string, b []byte) (io.Reader, bool) {
	switch encoding {
	case "gzip", "x-gzip":
		r, err := gzip.NewReader(bytes.NewReader(b))
		return r, err == nil
	case "deflate": // zlib by the standard, and bare by custom
		if r, err := zlib.NewReader(bytes.NewReader(b)); err == nil {
			return r, true
		}
		return flate.NewReader(bytes.NewReader(b)), true
	}
	return nil, false
}
