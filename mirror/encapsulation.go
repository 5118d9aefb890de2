package mirror

// MaxERSPANID is the largest ERSPAN session id: 10 bits (draft-foschiano-erspan-03, section 4.2). Ids are allocated from 1,
// because vSphere's API cannot send 0 (the field is omitted when empty).
const MaxERSPANID = 1023

// Encapsulation is how mirrored frames travel.
type Encapsulation struct {
	Type        EncapsulationType
	ID          uint16 // erspan2, erspan3: 1 to MaxERSPANID; 0: allocate one
	COS         uint8  // erspan2, erspan3: 0 to 7
	Nanoseconds bool   // erspan3: time stamps in nanoseconds rather than microseconds
}

// EncapsulationType is one of the encapsulations a vSphere L3 mirror can have (VMwareVspanSession.encapType, since API 6.5).
type EncapsulationType uint8

// The encapsulations. The zero value is vSphere's own default.
const (
	GRE     EncapsulationType = iota // transparent Ethernet bridging over GRE; the key is a direction mark at most
	ERSPAN2                          // ERSPAN Type II
	ERSPAN3                          // ERSPAN Type III
)

// HasID reports whether packets of this encapsulation bear an ERSPAN session id.
func (t EncapsulationType) HasID() bool { return t != GRE }

func (t EncapsulationType) String() string { return nameOf(encapsulationNames, t) }

var encapsulationNames = []string{GRE: "gre", ERSPAN2: "erspan2", ERSPAN3: "erspan3"}

// ParseEncapsulationType is the inverse of String; "" is GRE.
func ParseEncapsulationType(s string) (EncapsulationType, error) {
	if s == "" {
		return GRE, nil
	}
	return valueOf[EncapsulationType]("encapsulation", encapsulationNames, s)
}

// DriftPolicy is what happens when somebody else changes a session of ours on the switch.
type DriftPolicy uint8

// The policies.
const (
	Repair DriftPolicy = iota // put it back as asked
	Report                    // leave it, and say so
)

func (p DriftPolicy) String() string { return nameOf(driftNames, p) }

var driftNames = []string{Repair: "repair", Report: "report"}

// ParseDriftPolicy is the inverse of String; "" is Repair.
func ParseDriftPolicy(s string) (DriftPolicy, error) {
	if s == "" {
		return Repair, nil
	}
	return valueOf[DriftPolicy]("drift policy", driftNames, s)
}
