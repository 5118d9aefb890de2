// Package tls reads what TLS says in the clear at the beginning of a connection: the ClientHello and the ServerHello (RFC 8446).
//
// Nothing here does IO, reads a clock or is safe for concurrent use. All memory is bounded.
package tls

import "encoding/binary"

// Hello is what the two ends said.
type Hello struct {
	Client, Server bool // which of the two was read
	// ServerName is the name the client asked for, "" when it named none. It is printable ASCII.
	ServerName string
	// Offered are the client's application protocols (ALPN), Protocol the one that the server took, which TLS 1.3 hides.
	Offered  []string
	Protocol string
	// Versions are those the client offers, highest first as it listed them; Version is the one that the server took, e.g. 0x0304.
	Versions []uint16
	Version  uint16
	Cipher   uint16
}

// VersionName names a protocol version, "" if it is not known.
func VersionName(v uint16) string {
	switch v {
	case 0x0300:
		return "SSL 3.0"
	case 0x0301, 0x0302, 0x0303, 0x0304:
		return "TLS 1." + string(rune('0'+v-0x0301))
	}
	return ""
}

const (
	clientHello = 1
	serverHello = 2

	extServerName = 0
	extALPN       = 16
	extVersions   = 43

	maxList = 32 // of versions or protocols
)

// cursor reads b; after the first thing that is not there it is empty and failed.
type cursor struct {
	b      []byte
	failed bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.b, c.failed = nil, true
		return nil
	}
	taken := c.b[:n]
	c.b = c.b[n:]
	return taken
}

func (c *cursor) uint8() int {
	if b := c.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cursor) uint16() int {
	if b := c.take(2); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

// hello reads the body of a handshake message.
func (h *Hello) hello(kind int, b []byte) bool {
	c := cursor{b: b}
	version := uint16(c.uint16())
	c.take(32) // random
	c.take(c.uint8())
	cipher := uint16(0)
	if kind == clientHello {
		c.take(c.uint16()) // cipher suites
		c.take(c.uint8())  // compression methods
	} else {
		cipher = uint16(c.uint16())
		c.uint8()
	}
	if c.failed {
		return false
	}
	if kind == clientHello {
		h.Client, h.Versions = true, []uint16{version}
	} else {
		h.Server, h.Version, h.Cipher = true, version, cipher
	}
	for all := (cursor{b: c.take(c.uint16())}); len(all.b) > 0 && !all.failed; {
		id := all.uint16()
		h.extension(kind, id, cursor{b: all.take(all.uint16())})
	}
	return true
}

func (h *Hello) extension(kind, id int, c cursor) {
	switch {
	case id == extServerName && kind == clientHello:
		names := cursor{b: c.take(c.uint16())}
		if kind := names.uint8(); kind == 0 {
			h.ServerName = printable(names.take(names.uint16()))
		}
	case id == extALPN:
		var all []string
		for names := (cursor{b: c.take(c.uint16())}); len(names.b) > 0 && len(all) < maxList; {
			all = append(all, printable(names.take(names.uint8())))
		}
		if kind == clientHello {
			h.Offered = all
		} else if len(all) > 0 {
			h.Protocol = all[0]
		}
	case id == extVersions && kind == serverHello:
		if v := c.uint16(); !c.failed {
			h.Version = uint16(v)
		}
	case id == extVersions:
		var all []uint16
		for versions := (cursor{b: c.take(c.uint8())}); len(versions.b) > 1 && len(all) < maxList; {
			if v := uint16(versions.uint16()); v&0x0F0F != 0x0A0A { // RFC 8701: made up
				all = append(all, v)
			}
		}
		if len(all) > 0 {
			h.Versions = all
		}
	}
}

// printable puts a question mark for what is not.
func printable(b []byte) string {
	s := make([]byte, len(b))
	for i, c := range b {
		if s[i] = c; c <= ' ' || c >= 0x7F {
			s[i] = '?'
		}
	}
	return string(s)
}
