package sim

// SessionSpec is a VSPAN session without its key, in plain terms. The values
// and limits are those of VMwareVspanSession.
type SessionSpec struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	// FromVM are port keys whose frames are mirrored as the virtual machine
	// sends them (sourcePortReceived).
	FromVM []string `json:"fromVM"`
	// ToVM are port keys whose frames are mirrored as the virtual machine
	// receives them (sourcePortTransmitted).
	ToVM         []string `json:"toVM"`
	Destinations []string `json:"destinations"` // IP addresses
	// Type is the session type; empty means encapsulatedRemoteMirrorSource.
	Type string `json:"type"`
	// Encapsulation is gre, erspan2 or erspan3; empty means gre.
	Encapsulation string `json:"encapsulation"`
	ERSPANID      int32  `json:"erspanId"`
	COS           int32  `json:"cos"`
	Nanoseconds   bool   `json:"nanoseconds"`
	SnapLength    int32  `json:"snapLength"` // 0: whole frames
	Sampling      int32  `json:"sampling"`   // one of n; 0 and 1: every frame
	Netstack      string `json:"netstack"`
}
