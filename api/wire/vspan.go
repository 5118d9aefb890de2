package wire

// VSPANSession is a port mirroring session as it stands, or would stand, on a switch.
type VSPANSession struct {
	Key           string   `json:"key" doc:"Made by vCenter; empty before the session is added"`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Enabled       bool     `json:"enabled"`
	Type          string   `json:"type" example:"encapsulatedRemoteMirrorSource"`
	Encapsulation string   `json:"encapsulation" example:"erspan2"`
	ERSPANID      int      `json:"erspanId" doc:"0 where there is none, and before one is allocated"`
	Destinations  []string `json:"destinations"`
	FromVM        []string `json:"fromVm" doc:"Keys of the ports whose VM's sent frames are mirrored"`
	ToVM          []string `json:"toVm" doc:"Keys of the ports whose VM is sent the mirrored frames"`
	SnapLength    int      `json:"snapLength"`
	Sampling      int      `json:"sampling"`
	Netstack      string   `json:"netstack"`
}

// ForeignSession is a session on a switch that vspan does not know. It is never touched, but for an orphan whose time is up.
type ForeignSession struct {
	Key           string   `json:"key"`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Enabled       bool     `json:"enabled"`
	Type          string   `json:"type"`
	Encapsulation string   `json:"encapsulation"`
	ERSPANID      int      `json:"erspanId"`
	Destinations  []string `json:"destinations"`
	Sources       []string `json:"sources" doc:"Port keys"`
	Orphan        bool     `json:"orphan" doc:"It bears this installation's marker, but there is no session for it"`
}

// ForeignSessionList is a page of foreign sessions, ordered by name and key.
type ForeignSessionList struct {
	Items         []ForeignSession `json:"items"`
	NextPageToken string           `json:"nextPageToken"`
}
