package frame

import (
	"fmt"
	"net"
)

// MAC is an Ethernet address (EUI-48). It can be compared and used as a key.
type MAC [6]byte

// ParseMAC reads the notations of net.ParseMAC, of six bytes only.
func ParseMAC(s string) (MAC, error) {
	hw, err := net.ParseMAC(s)
	if err != nil {
		return MAC{}, fmt.Errorf("frame: parse MAC address %q: %w", s, err)
	}
	if len(hw) != len(MAC{}) {
		return MAC{}, fmt.Errorf("frame: parse MAC address %q: %d bytes, not 6", s, len(hw))
	}
	return MAC(hw), nil
}

// String is the address in lower case, its bytes parted by colons.
func (m MAC) String() string {
	const digits = "0123456789abcdef"
	var s [17]byte
	for i, b := range m {
		if i > 0 {
			s[3*i-1] = ':'
		}
		s[3*i], s[3*i+1] = digits[b>>4], digits[b&15]
	}
	return string(s[:])
}

// IsMulticast reports whether m is a group address; broadcast is one.
func (m MAC) IsMulticast() bool { return m[0]&1 != 0 }

// IsZero reports whether m is 00:00:00:00:00:00.
func (m MAC) IsZero() bool { return m == MAC{} }
