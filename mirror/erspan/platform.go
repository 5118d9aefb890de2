package erspan

// PlatformLen is the length of the platform sub-header in bytes.
const PlatformLen = 8

const platformInfoBits = 58

// Platform is the sub-header of Type III (draft-foschiano-erspan-03 section 4.3):
// an id and 58 bits whose meaning depends on it. An id without a known meaning is
// kept as it came.
type Platform struct {
	// ID is 6 bits.
	ID uint8
	// Info is the rest, 58 bits.
	Info uint64
}

func parsePlatform(word uint64) Platform {
	return Platform{ID: uint8(word >> platformInfoBits), Info: word & (1<<platformInfoBits - 1)}
}

func (p Platform) word() uint64 {
	return uint64(p.ID)<<platformInfoBits | p.Info&(1<<platformInfoBits-1)
}

func (p Platform) low() uint32           { return uint32(p.Info) }
func (p Platform) high(bits uint) uint32 { return uint32(p.Info>>32) & (1<<bits - 1) }
func (p Platform) clock() bool           { return p.ID == 3 || p.ID == 7 || p.ID == 0 }
func (p Platform) switched() bool        { return p.ID == 5 || p.ID == 6 }

// Domain is the VSM domain, 12 bits, of platform 1 (Nexus 1000V).
func (p Platform) Domain() (uint16, bool) {
	if p.ID != 1 {
		return 0, false
	}
	return uint16(p.high(12)), true
}

// Index names the mirrored port: 32 bits of platform 1, 14 of platform 3, 20 of
// platform 7 and its alias 0.
func (p Platform) Index() (uint32, bool) {
	switch p.ID {
	case 1:
		return p.low(), true
	case 3:
		return p.high(14), true
	case 0, 7:
		return p.high(20), true
	}
	return 0, false
}

// UpperTimestamp is the upper half of the timestamp, of platforms 3, 7 and 0.
func (p Platform) UpperTimestamp() (uint32, bool) {
	if !p.clock() {
		return 0, false
	}
	return p.low(), true
}

// Switch is the id of the sending switch, 10 bits, of platforms 5 and 6.
func (p Platform) Switch() (uint16, bool) {
	if !p.switched() {
		return 0, false
	}
	return uint16(p.high(26) >> 16), true
}

// Port is the mirrored port, 16 bits, of platforms 5 and 6.
func (p Platform) Port() (uint16, bool) {
	if !p.switched() {
		return 0, false
	}
	return uint16(p.high(16)), true
}

// Seconds is the part of the timestamp above the nanoseconds, of platforms 5 and 6.
func (p Platform) Seconds() (uint32, bool) {
	if !p.switched() {
		return 0, false
	}
	return p.low(), true
}
