package wire

import "time"

// Orphan is a session on a switch that bears a marker of vspan's and has no session here that asks for it.
type Orphan struct {
	Owner         string         `json:"owner" doc:"The installation in its marker"`
	UID           string         `json:"uid" doc:"The session in its marker; it names the orphan"`
	Name          string         `json:"name" doc:"On the switch"`
	Switch        string         `json:"switch" doc:"Name of the switch it stands on"`
	VCenter       string         `json:"vcenter"`
	Key           string         `json:"key" doc:"Of the session on the switch, made by vCenter"`
	Generation    int64          `json:"generation"`
	ExpiresAt     time.Time      `json:"expiresAt,omitzero" doc:"When its installation removes it, adopted or not; absent when it never does"`
	Enabled       bool           `json:"enabled" doc:"It mirrors"`
	Encapsulation string         `json:"encapsulation" example:"erspan2"`
	ERSPANID      int            `json:"erspanId" doc:"0 where there is none"`
	Destinations  []string       `json:"destinations"`
	Sources       []OrphanSource `json:"sources" doc:"Its ports, with what is connected to them now: that need not be what was once meant"`
}

// OrphanSource is a port that an orphan mirrors, with who has it now.
type OrphanSource struct {
	PortKey   string `json:"portKey"`
	VM        string `json:"vm" doc:"Empty unless connectee is vmVnic"`
	NIC       string `json:"nic"`
	Connectee string `json:"connectee" enum:"none,vmVnic,hostVmkVnic,pnic" doc:"none: nobody has the port now"`
	Direction string `json:"direction" enum:"both,from-vm,to-vm"`
}

// OtherInstallation counts the sessions on one switch that bear the marker of another installation.
type OtherInstallation struct {
	Owner    string `json:"owner" doc:"Its name, as its markers have it"`
	Switch   string `json:"switch"`
	VCenter  string `json:"vcenter"`
	Sessions int    `json:"sessions"`
}

// OrphanList is a page of orphans, ordered by switch, vCenter, name and key.
type OrphanList struct {
	Items         []Orphan            `json:"items"`
	NextPageToken string              `json:"nextPageToken"`
	Others        []OtherInstallation `json:"others" doc:"Who else has sessions on the switches: whoever lost his data directory finds his old name here. ?owner=other lists them"`
}

// Adoption is a session that was made of an orphan.
type Adoption struct {
	Session   Session  `json:"session"`
	LeftPorts []string `json:"leftPorts" doc:"Keys of the orphan's ports that are not among the session's sources, because nobody has them or they must not be mirrored"`
}

// OperationList is a page of changes of a switch, in the order of the switch.
type OperationList struct {
	Items         []Operation `json:"items"`
	NextPageToken string      `json:"nextPageToken"`
}

// Release says how many changes a switch was let go on with.
type Release struct {
	Released int `json:"released"`
}
