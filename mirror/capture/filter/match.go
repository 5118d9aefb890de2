package filter

import (
	"encoding/binary"
	"math"
)

// Match reports whether frame, an Ethernet frame as far as it was captured, is
// one that the expression describes. wireLen is its length in bytes on the wire,
// for less, greater and len. It allocates nothing, and its time is bounded by the
// length of the expression.
func (f *Filter) Match(frame []byte, wireLen int) bool {
	pc, have := f.start, uint64(len(frame))
	for pc >= firstTest {
		t := &f.tests[pc]
		at := uint64(t.at)
		var v uint32
		switch t.load {
		case loadHalf:
			if at+2 > have {
				return false
			}
			v = uint32(binary.BigEndian.Uint16(frame[at:]))
		case loadByte:
			if at >= have {
				return false
			}
			v = uint32(frame[at])
		case loadWord:
			if at+4 > have {
				return false
			}
			v = binary.BigEndian.Uint32(frame[at:])
		case loadTransport1, loadTransport2, loadTransport4:
			var ok bool
			if v, ok = t.load.read(frame, at, t.ip); !ok {
				return false
			}
		case loadLength:
			v = wireLength(wireLen)
		case loadComputed:
			var ok bool
			if v, ok = compute(f.steps[t.at:t.ip], frame, wireLength(wireLen)); !ok {
				return false
			}
		case loadConstant:
			v = t.at
		}
		if t.holds(v) {
			pc = t.yes
		} else {
			pc = t.no
		}
	}
	return pc == accept
}

// headerLen is the length in bytes of the IPv4 header that begins with first.
func headerLen(first byte) uint64 { return uint64(first&0xF) << 2 }

// read reads 8, 16 or 32 bits from frame, if it has them. A load behind an IPv4
// header has that at ip.
func (l load) read(frame []byte, at uint64, ip uint32) (v uint32, ok bool) {
	have := uint64(len(frame))
	if l >= loadTransport1 {
		if uint64(ip) >= have {
			return 0, false
		}
		at += headerLen(frame[ip])
		l -= loadTransport1 - loadByte
	}
	switch {
	case l == loadByte && at < have:
		return uint32(frame[at]), true
	case l == loadHalf && at+2 <= have:
		return uint32(binary.BigEndian.Uint16(frame[at:])), true
	case l == loadWord && at+4 <= have:
		return binary.BigEndian.Uint32(frame[at:]), true
	}
	return 0, false
}

func wireLength(n int) uint32 { return uint32(min(max(int64(n), 0), math.MaxUint32)) }
