package gre

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// Datagram is one whole outer IP datagram of protocol 47, as it was received. Whoever hands one on says how long it, and its Payload,
// stay valid.
type Datagram struct {
	// At is when the packet that completed the datagram arrived, in nanoseconds since 1970, as the kernel or the file says; NoTime where
	// neither does.
	At int64
	// Ends are the outer addresses.
	Ends Ends
	// Payload starts at the GRE header. Link-layer padding is not part of it.
	Payload []byte
	// PayloadLen is how many bytes of payload there were on the wire: more than those in Payload where Truncated. Fewer than those in
	// Payload mean that it is not known.
	PayloadLen int
	// WireLen is the length of the outer IP datagram in bytes, header included, as if it had never been fragmented or cut.
	WireLen int
	// Fragments is the number of outer fragments it was assembled from; 1 means that it was not fragmented, or that the kernel put it
	// together.
	Fragments int
	// Truncated says that there were fewer bytes than the outer header says, which is the work of a snap length. Of a reassembled
	// datagram the payload then ends at the first cut.
	Truncated bool
	// Number is the number of the packet that completed it. The first packet of a worker is 1; of a file it is the number Wireshark
	// shows.
	Number uint64
}

// NoTime is the At of a datagram of which nobody knows when it arrived: pcapng has packets without a time.
const NoTime = math.MinInt64

// Nanoseconds is the At of a time; NoTime of the zero time, and of what is not between the years 1678 and 2262.
func Nanoseconds(t time.Time) int64 {
	if s := t.Unix(); s < from1678 || s >= until2262 {
		return NoTime
	}
	return t.UnixNano()
}

// The years that a number of 64 bits reaches in nanoseconds as a whole, in seconds of Unix.
const (
	from1678  = -9_214_560_000
	until2262 = 9_214_646_400
)

// Time is At as a time; the zero time where there is none.
func (d *Datagram) Time() time.Time {
	if d.At == NoTime {
		return time.Time{}
	}
	return time.Unix(0, d.At)
}

// Src is the outer source's address. It has no zone.
func (d *Datagram) Src() netip.Addr { return d.Ends.Src() }

// Dst is the outer destination's address. It has no zone.
func (d *Datagram) Dst() netip.Addr { return d.Ends.Dst() }

// Ends are the addresses of an IP packet. The zero value is 0.0.0.0 at both ends. Where they are reused for another packet they may
// keep what does not count any more: Equal compares them, and == does not.
type Ends struct {
	// IPv4 are both addresses as they stand in an IPv4 header, source first, read as a little-endian number; 0 where IsIPv6.
	IPv4 uint64
	// IsIPv6 says that the header was one of IPv6.
	IsIPv6   bool
	src, dst [16]byte // of IPv6
}

// EndsOf are the ends of a packet from src to dst. Where only one of them is IPv4, it is written as IPv6 (RFC 4291 section 2.5.5.2).
func EndsOf(src, dst netip.Addr) Ends {
	if !src.Is4() || !dst.Is4() {
		return Ends{IsIPv6: true, src: src.As16(), dst: dst.As16()}
	}
	s, d := src.As4(), dst.As4()
	return Ends{IPv4: uint64(binary.LittleEndian.Uint32(s[:])) | uint64(binary.LittleEndian.Uint32(d[:]))<<32}
}

// Equal says whether both are the same addresses.
func (e *Ends) Equal(o *Ends) bool {
	if e.IsIPv6 || o.IsIPv6 {
		return e.IsIPv6 == o.IsIPv6 && e.src == o.src && e.dst == o.dst
	}
	return e.IPv4 == o.IPv4
}

// Src is the source's address. It has no zone.
func (e *Ends) Src() netip.Addr {
	if e.IsIPv6 {
		return netip.AddrFrom16(e.src)
	}
	return addr4(uint32(e.IPv4))
}

// Dst is the destination's address. It has no zone.
func (e *Ends) Dst() netip.Addr {
	if e.IsIPv6 {
		return netip.AddrFrom16(e.dst)
	}
	return addr4(uint32(e.IPv4 >> 32))
}

func addr4(word uint32) netip.Addr {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], word)
	return netip.AddrFrom4(b)
}

// Words are the addresses of IPv6 in words that are quick to compare: two of the source, two of the destination.
func (e *Ends) Words() [4]uint64 {
	word := binary.LittleEndian.Uint64
	return [4]uint64{word(e.src[:]), word(e.src[8:]), word(e.dst[:]), word(e.dst[8:])}
}
