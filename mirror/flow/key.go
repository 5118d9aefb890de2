package flow

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/frame"
)

// address is a 16-byte address as two numbers; IPv4 stands in its IPv6 form, as netip.Addr.As16 has it.
type address struct{ hi, lo uint64 }

func (a address) less(o address) bool { return a.hi < o.hi || a.hi == o.hi && a.lo < o.lo }

func (a address) netip() netip.Addr {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return netip.AddrFrom16(b).Unmap()
}

func addressOf(a netip.Addr) address {
	b := a.As16()
	return address{binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])}
}

// key names a conversation: both directions have the same. Ends are in the order of their addresses, then ports.
type key struct {
	ends [2]address
	// rest is both ports, the VLAN and the protocol: 16 bits each but the last.
	rest uint64
}

func (k *key) port(side int) uint16 {
	if side == 0 {
		return uint16(k.rest >> 48)
	}
	return uint16(k.rest >> 32)
}
func (k *key) vlan() uint16    { return uint16(k.rest >> 8) }
func (k *key) protocol() uint8 { return uint8(k.rest) }

// pathless is the key without its VLAN.
func (k key) pathless() key {
	k.rest &^= 0xFFFF << 8
	return k
}

// of makes k the key of an IP packet whose bytes are b, and returns the side that sent it. VLAN 0 is no VLAN.
func (k *key) of(f *frame.Frame, b []byte, vlan uint16) (side int) {
	src, dst := endsOf(f, b)
	if f.NumTags > 0 {
		vlan = f.Tags[0].ID
	}
	rest := uint64(vlan&0xFFF)<<8 | uint64(f.Protocol)
	if dst.less(src) || src == dst && f.DstPort < f.SrcPort {
		k.ends[0], k.ends[1] = dst, src
		k.rest = rest | uint64(f.DstPort)<<48 | uint64(f.SrcPort)<<32
		return 1
	}
	k.ends[0], k.ends[1] = src, dst
	k.rest = rest | uint64(f.SrcPort)<<48 | uint64(f.DstPort)<<32
	return 0
}

// networkAt is where in the frame the IP header begins. Methods of a Frame would copy it.
func networkAt(f *frame.Frame) int {
	if f.Bare {
		return 0
	}
	return frame.EthernetLen + frame.TagLen*f.NumTags
}

// endsOf reads the addresses where they stand in b, which is quicker than to turn them back from f.
func endsOf(f *frame.Frame, b []byte) (src, dst address) {
	at := networkAt(f)
	if f.IP.Version == 4 && len(b) >= at+20 {
		both := binary.BigEndian.Uint64(b[at+12:])
		return address{lo: 0xFFFF<<32 | both>>32}, address{lo: 0xFFFF<<32 | both&0xFFFF_FFFF}
	}
	return addressOf(f.IP.Src), addressOf(f.IP.Dst)
}

// seed is the secret of hashes.
type seed [4]uint64

// secret is that of this process: whoever sends packets cannot choose where they are kept.
var secret = newSeed()

func (s *seed) hash(n name) uint64 { return mix(mix(n.ends^s[0], n.rest^s[1])^s[2], s[3]) }

// hashEnds makes one word of two addresses.
func (s *seed) hashEnds(ends *[2]address) uint64 {
	return mix(ends[0].lo^s[0], ends[1].lo^s[1]) ^ mix(ends[0].hi^s[2], ends[1].hi^s[3])
}

// hashEnd is the hash of one address and a port. It is mixed once more than a table needs: what counts by it needs neighbours to be as
// far from each other as strangers.
func (s *seed) hashEnd(a address, port uint16) uint64 {
	return mix(mix(mix(a.lo^s[0], a.hi^s[1])^s[3], uint64(port)^s[2])^s[0], s[1])
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
