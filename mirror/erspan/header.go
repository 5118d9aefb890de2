package erspan

// Header is what an ERSPAN header says, of any type. Types without a header
// (Bridging, TypeI) leave it zero; fields of one type are zero in the others.
type Header struct {
	// SessionID is 10 bits, 0 to 1023. 0 is legal. Two exporters may use the same.
	SessionID uint16
	// VLAN is 12 bits: the VLAN of the mirrored frame at the mirrored port. Whether
	// the frame still bears the tag too is for Encap to say; see VLANOf.
	VLAN uint16
	// COS is 3 bits, the class of service of the mirrored frame, 0 to 7.
	COS uint8
	// Truncated says that the sender cut the frame (T bit).
	Truncated bool

	// Encap says what became of the tag. Type II only.
	Encap Encap
	// Index is 20 bits: port and direction, as the sender sees fit. Type II only.
	Index uint32

	// Integrity is the BSO field. Type III only.
	Integrity Integrity
	// Timestamp counts ticks since an epoch of the sender's. Type III only, as is
	// all that follows.
	Timestamp uint32
	// SGT is the security group tag, 16 bits.
	SGT uint16
	// FromEthernet is the P bit: the mirrored frame came as Ethernet.
	FromEthernet bool
	// FrameType is 5 bits.
	FrameType FrameKind
	// HardwareID is 6 bits: the engine within the sender that timestamped.
	HardwareID uint8
	// Direction is the D bit, from the sender's point of view.
	Direction Direction
	// Granularity is what the sender says a tick lasts. Senders lie: measure.
	Granularity Granularity
	// HasPlatform says that the 8-byte sub-header was there.
	HasPlatform bool
	// WrongOBit says that the O bit denied a sub-header that was there, or announced
	// one that was not, and that the bytes were believed instead.
	WrongOBit bool
	// Platform is the sub-header, when HasPlatform.
	Platform Platform
	// IPOnly says that the mirrored bytes begin with an IP header, without Ethernet.
	IPOnly bool
}

// VLANOf is the VLAN in which a mirrored frame travelled, given the VLAN of its
// own outermost tag and whether it bears one. A tag in the frame is the answer
// whatever the header says, so that it never counts twice (Encap 3). Otherwise the
// header is the only copy: of Type II when a tag was removed, of Type III, which
// cannot say, when it is not 0.
func (h Header) VLANOf(t Type, tag uint16, tagged bool) (uint16, bool) {
	switch {
	case tagged:
		return tag, true
	case t == TypeII && (h.Encap == EncapISL || h.Encap == EncapDot1Q):
		return h.VLAN, true
	case t == TypeIII && h.VLAN != 0:
		return h.VLAN, true
	}
	return 0, false
}

// Encap is the En field of Type II: how the frame was tagged when it was mirrored.
type Encap uint8

// The values of En.
const (
	EncapUntagged  Encap = iota // no tag; VLAN is that of the port
	EncapISL                    // Cisco ISL, removed
	EncapDot1Q                  // 802.1Q, removed: VLAN is the only copy
	EncapPreserved              // the tag is still in the frame
)

// Integrity is the BSO field of Type III: bad, short or oversized.
type Integrity uint8

// The values of BSO.
const (
	IntegrityGood Integrity = iota // good, or not known
	IntegrityShort
	IntegrityOversized
	IntegrityBad // CRC or alignment error
)

// FrameKind is the FT field of Type III: what was mirrored. Other values are
// reserved.
type FrameKind uint8

// The values of FT that have a meaning.
const (
	FrameEthernet FrameKind = 0
	FrameIP       FrameKind = 2
)

// Direction is the D bit of Type III, as seen from the mirrored port: of a virtual
// switch, Ingress is what the VM sent.
type Direction uint8

// The values of D.
const (
	Ingress Direction = iota
	Egress
)

// String is "ingress" or "egress".
func (d Direction) String() string {
	if d == Egress {
		return "egress"
	}
	return "ingress"
}

// Granularity is the Gra field of Type III: the unit of the timestamp.
type Granularity uint8

// The values of Gra.
const (
	Gra100Microseconds Granularity = iota
	Gra100Nanoseconds
	GraIEEE1588
	GraUser // the sender's own; Nexus 9000 means 1 ns
)
