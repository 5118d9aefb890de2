package wire

import "time"

// Spec is what a session's owner asks for. In a request what is left out or null has its default; in a response everything is
// said, save what a source does not have.
type Spec struct {
	VCenter       string        `json:"vcenter" required:"false" maxLength:"128" doc:"Name of a configured vCenter; left out when the sources settle it"`
	Switch        string        `json:"switch" required:"false" maxLength:"256" doc:"Name of the distributed switch; left out when the sources settle it"`
	Sources       []Source      `json:"sources" minItems:"1" maxItems:"1024"`
	Destination   Destination   `json:"destination,omitzero" doc:"Left out: the receiver inside the daemon, {\"receiver\":\"local\"}"`
	Encapsulation Encapsulation `json:"encapsulation,omitzero" doc:"Left out: erspan2 with an allocated id"`
	SnapLength    int           `json:"snapLength" required:"false" minimum:"0" maximum:"65535" doc:"Bytes of each frame to mirror, at least 60; 0: whole frames"`
	Sampling      int           `json:"sampling,omitempty" minimum:"1" maximum:"65535" default:"1" doc:"Mirror one of n packets"`
	Netstack      string        `json:"netstack" required:"false" maxLength:"128" doc:"TCP/IP stack of the hosts that sends the mirror; empty: the default one"`
	Enabled       *bool         `json:"enabled,omitempty" default:"true"`
	ExpiresIn     string        `json:"expiresIn,omitempty" maxLength:"64" example:"1h" doc:"How long the session may live, counted from when it is accepted: a Go duration of at least 1s, or \"never\". Left out, and expiresAt too: the server's default"`
	ExpiresAt     time.Time     `json:"expiresAt,omitzero" example:"2030-01-01T12:00:00Z" doc:"When the session's time is up, instead of expiresIn. It stays as it was asked for: after :extend the session's own expiresAt is later"`
	OnDrift       string        `json:"onDrift,omitempty" enum:"repair,report" default:"repair" doc:"What to do when somebody else changes the session on the switch"`
}

// Source names traffic to be mirrored: exactly one of vm, portgroup, portKey and selector.
type Source struct {
	VM        string    `json:"vm,omitempty" maxLength:"256" example:"web-01" doc:"A VM's name"`
	NIC       string    `json:"nic,omitempty" maxLength:"256" example:"Network adapter 1" doc:"With vm: one of its adapters; left out: all that are on the switch"`
	Portgroup string    `json:"portgroup,omitempty" maxLength:"256" doc:"Every port of this distributed portgroup that has a VM"`
	PortKey   string    `json:"portKey,omitempty" maxLength:"64" doc:"One dvPort. It means the VM that has it when the session is first placed, and is not mirrored once another VM has it"`
	Selector  *Selector `json:"selector,omitempty"`
	Direction string    `json:"direction,omitempty" enum:"both,from-vm,to-vm" default:"both" doc:"As the VM sees it"`
}

// Selector picks VMs by what they are; all conditions given must hold.
type Selector struct {
	Name   string `json:"name,omitempty" maxLength:"256" example:"web-*" doc:"Pattern over VM names: * ? [a-z]"`
	Folder string `json:"folder,omitempty" maxLength:"256" doc:"Inventory folder"`
	Tag    string `json:"tag,omitempty" maxLength:"256" doc:"vSphere tag"`
}

// Destination is where the mirror is sent: a receiver of ours, or collectors of somebody else.
type Destination struct {
	Receiver  string   `json:"receiver,omitempty" enum:"local" doc:"A receiver of vspan"`
	Addresses []string `json:"addresses,omitempty" maxItems:"16" example:"10.2.1.110" doc:"IP addresses of collectors that vspan cannot see into"`
}

// Encapsulation is how mirrored frames travel.
type Encapsulation struct {
	Type        string `json:"type,omitempty" enum:"gre,erspan2,erspan3" default:"erspan2"`
	ID          int    `json:"id" required:"false" minimum:"0" maximum:"1023" doc:"ERSPAN session id; 0: one is allocated, see status.switch.erspanId"`
	COS         int    `json:"cos" required:"false" minimum:"0" maximum:"7" doc:"Class of service in the ERSPAN header"`
	Nanoseconds bool   `json:"nanoseconds" required:"false" doc:"erspan3: time stamps in nanoseconds rather than microseconds"`
}

// IsZero reports whether nothing is asked for.
func (d Destination) IsZero() bool { return d.Receiver == "" && len(d.Addresses) == 0 }
