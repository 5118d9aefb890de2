package mirror

// Orphan is a session on a switch that bears the marker of this installation and that no record asks for: its state was lost, or
// somebody copied a session with its description. It is left alone until its expiry, unless a person says otherwise.
type Orphan struct {
	Switch     SwitchID
	SwitchName string
	Session    VSPAN
	Marker     Marker
}

// Hold is what is held back on a switch: see Plan.Held.
type Hold struct {
	Switch     SwitchID
	SwitchName string
	Changes    []Change
}
