package erspan

import "github.com/vspan-io/vspan/mirror/gre"

// Type is the way a mirrored frame is wrapped. The zero value is no type.
type Type uint8

// The types, by the GRE header that announces them.
const (
	Bridging Type = iota + 1 // 0x6558, the frame and nothing before it
	TypeI                    // 0x88BE without a sequence, the frame and nothing before it
	TypeII                   // 0x88BE with a sequence, 8 bytes before the frame
	TypeIII                  // 0x22EB, 12 or 20 bytes before the frame
)

// String gives the name vSphere has for the type, in lower case: gre, erspan1,
// erspan2 or erspan3.
func (t Type) String() string {
	switch t {
	case Bridging:
		return "gre"
	case TypeI:
		return "erspan1"
	case TypeII:
		return "erspan2"
	case TypeIII:
		return "erspan3"
	}
	return "unknown"
}

// Protocol is the GRE protocol type that carries t, 0 when t is no type.
func (t Type) Protocol() uint16 {
	switch t {
	case Bridging:
		return gre.ProtocolBridging
	case TypeI, TypeII:
		return gre.ProtocolERSPAN2
	case TypeIII:
		return gre.ProtocolERSPAN3
	}
	return 0
}

// HasSession reports whether packets of type t carry a session id. Of a type that
// does not, the id is 0, which is also a legal id of those that do.
func (t Type) HasSession() bool { return t == TypeII || t == TypeIII }
