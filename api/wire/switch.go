package wire

import "time"

// Switch is a distributed virtual switch.
type Switch struct {
	Name          string       `json:"name"`
	UUID          string       `json:"uuid"`
	VCenter       string       `json:"vcenter" doc:"Name of the configured vCenter"`
	Version       string       `json:"version"`
	Hosts         []Host       `json:"hosts"`
	Capabilities  Capabilities `json:"capabilities"`
	ConfigVersion string       `json:"configVersion"`
	Writer        string       `json:"writer" doc:"The daemon that changes the switch; empty while none does"`
	Held          int          `json:"held" doc:"Removals that are held back until a person has looked, because they are too many at once; see …/held"`
	ReadAt        time.Time    `json:"readAt" doc:"When all this was read of vCenter"`
}

// Host is an ESXi host on a switch.
type Host struct {
	Name      string   `json:"name"`
	Connected bool     `json:"connected"`
	Addresses []string `json:"addresses" doc:"Of its vmkernel adapters: the outer sources its mirrors can have"`
}

// Capabilities of a switch that concern mirroring. vCenter does not always say.
type Capabilities struct {
	L3Source string `json:"l3Source" enum:"yes,no,unknown" doc:"Encapsulated Remote Mirroring (L3) Source"`
	ERSPAN   string `json:"erspan" enum:"yes,no,unknown" doc:"erspan2 and erspan3"`
	Netstack string `json:"netstack" enum:"yes,no,unknown" doc:"A TCP/IP stack of its own for mirrors"`
}

// SwitchList is a page of switches, ordered by name and vCenter.
type SwitchList struct {
	Items         []Switch `json:"items"`
	NextPageToken string   `json:"nextPageToken"`
}

// Port is a dvPort with what is connected to it.
type Port struct {
	PortKey    string   `json:"portKey"`
	Portgroup  string   `json:"portgroup"`
	VM         string   `json:"vm" doc:"Empty unless connectee is vmVnic"`
	NIC        string   `json:"nic"`
	MAC        string   `json:"mac"`
	Host       string   `json:"host"`
	Connectee  string   `json:"connectee" enum:"none,vmVnic,hostVmkVnic,pnic"`
	Connected  bool     `json:"connected" doc:"The VM is powered on and the adapter connected"`
	LinkUp     bool     `json:"linkUp"`
	BytesIn    uint64   `json:"bytesIn" doc:"Into the port: sent by the VM. Only differences mean anything"`
	BytesOut   uint64   `json:"bytesOut" doc:"Out of the port: sent to the VM"`
	MirroredBy []string `json:"mirroredBy" doc:"Keys of the sessions on the switch that mirror this port"`
}

// PortList is a page of ports, ordered by VM, adapter and key.
type PortList struct {
	Items         []Port `json:"items"`
	NextPageToken string `json:"nextPageToken"`
}
