package tracking

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/gre"
)

// digest makes s what there is to know of a packet.
func digest(s *flow.Digest, d *gre.Datagram, f *evidence.Finding) {
	s.Time, s.Gap = max(d.At, 0), f.Gap
	frame := d.Payload[f.Frame:]
	wire := len(frame) + max(d.PayloadLen-len(d.Payload), 0)
	if f.Bare || !isUntagged(d.Payload) || !s.ReadPlain(frame, wire, 0) {
		s.Read(frame, wire, f.Bare, headerVLAN(d.Payload))
	}
}

// The protocols of GRE that ERSPAN has.
const (
	protocolERSPAN2 = 0x88BE
	protocolERSPAN3 = 0x22EB
)

// isUntagged reports of what most packets are, numbered ERSPAN Type II whose frame kept its tag if it had one. Such a header has no VLAN to
// say.
func isUntagged(b []byte) bool {
	const plain, encap = 1<<28 | protocolERSPAN2, 3 << 11
	return len(b) >= 12 && binary.BigEndian.Uint32(b) == plain && binary.BigEndian.Uint32(b[8:])&encap == 0
}

// headerVLAN is the VLAN that a mirror's header says a frame without its tag was in, 0 when it says none.
func headerVLAN(b []byte) uint16 {
	if len(b) < 4 {
		return 0
	}
	numbered := b[0]&0x10 != 0
	kind := erspan.TypeII
	switch protocol := binary.BigEndian.Uint16(b[2:]); {
	case protocol == protocolERSPAN2 && numbered:
	case protocol == protocolERSPAN3:
		kind = erspan.TypeIII
	default:
		return 0
	}
	at := 4 + int(b[0]>>7)*4 + int(b[0]>>5&1)*4 + int(b[0]>>4&1)*4
	if len(b) < at+4 {
		return 0
	}
	word := binary.BigEndian.Uint32(b[at:])
	vlan, _ := erspan.Header{VLAN: uint16(word >> 16 & 0xFFF), Encap: erspan.Encap(word >> 11 & 3)}.VLANOf(kind, 0, false)
	return vlan
}
