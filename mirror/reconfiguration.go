package mirror

import "time"

// Reconfiguration is one change of a switch's configuration as vCenter recorded it.
type Reconfiguration struct {
	At            time.Time // by vCenter's clock
	User          string    // as vCenter spells him
	ConfigVersion string    // "" if the record does not say
	Changes       []SessionChange
}

// SessionChange is what a Reconfiguration did to one VSPAN session, as far as vCenter recorded it.
type SessionChange struct {
	Operation Operation
	Key, Name string
	UID       string // from the marker in the description, where there is one
}
