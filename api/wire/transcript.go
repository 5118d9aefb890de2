package wire

import "time"

// VerdictTurn is a verdict for as long as it held.
type VerdictTurn struct {
	Source  *TurnSource  `json:"source,omitempty" doc:"Absent: it is the verdict on the session"`
	State   string       `json:"state"`
	Reason  string       `json:"reason"`
	Message string       `json:"message" doc:"The newest sentence while it held"`
	Since   time.Time    `json:"since"`
	Until   time.Time    `json:"until,omitzero" doc:"When the next one began; absent: it holds"`
	Figures *TurnFigures `json:"figures,omitempty" doc:"What came meanwhile; absent where only the history remembers the verdict, from before the daemon was started"`
}

// TurnSource is the source that a verdict speaks of.
type TurnSource struct {
	PortKey string `json:"portKey"`
	VM      string `json:"vm"`
	NIC     string `json:"nic"`
}

// TurnFigures are what was counted while a verdict held.
type TurnFigures struct {
	Packets         uint64 `json:"packets"`
	Bytes           uint64 `json:"bytes"`
	FromVM          Volume `json:"fromVm" doc:"Of a source"`
	ToVM            Volume `json:"toVm" doc:"Of a source"`
	Lost            int64  `json:"lost" doc:"Of a session, as what follows. An estimate: negative when what was missed before came late"`
	Unlisted        uint64 `json:"unlisted"`
	Ambiguous       uint64 `json:"ambiguous"`
	ReceiverDropped uint64 `json:"receiverDropped"`
}

// Expected is what has to arrive for the session to be proved.
type Expected struct {
	Encapsulation string             `json:"encapsulation"`
	ERSPANID      int                `json:"erspanId" doc:"0 where the encapsulation bears none"`
	Receivers     []string           `json:"receivers" doc:"Outer destination addresses"`
	SnapLength    int                `json:"snapLength" doc:"Bytes of each frame; 0: whole frames"`
	Sampling      int                `json:"sampling" doc:"One of so many packets"`
	Netstack      string             `json:"netstack" doc:"TCP/IP stack of the hosts that is to send it; empty: the default one"`
	Exporters     []ExpectedExporter `json:"exporters" doc:"The vmkernel addresses of the hosts on the switch: only what they send proves anything"`
	Sources       []ExpectedSource   `json:"sources"`
}

// ExpectedExporter is an address that the mirror may come from.
type ExpectedExporter struct {
	Host      string `json:"host"`
	Connected bool   `json:"connected" doc:"Whether vCenter reaches the host"`
	Address   string `json:"address"`
	Device    string `json:"device,omitempty" doc:"The vmkernel adapter that has the address"`
	Netstack  string `json:"netstack,omitempty" doc:"Its TCP/IP stack"`
	MTU       int    `json:"mtu,omitempty"`
}

// ExpectedSource is a port whose traffic is to arrive.
type ExpectedSource struct {
	VM        string `json:"vm"`
	NIC       string `json:"nic"`
	MAC       string `json:"mac"`
	PortKey   string `json:"portKey"`
	Direction string `json:"direction"`
	Host      string `json:"host"`
}

// PacketSeen are the headers of one mirror packet.
type PacketSeen struct {
	At            time.Time    `json:"at,omitzero"`
	Exporter      string       `json:"exporter" doc:"Outer source address"`
	Receiver      string       `json:"receiver" doc:"Outer destination address"`
	Length        int          `json:"length" doc:"Of the outer packet, in bytes"`
	Fragments     int          `json:"fragments" doc:"Outer fragments it was put together from; 1: it was not fragmented"`
	Attribution   string       `json:"attribution" doc:"confirmed, unlisted, ambiguous, unclaimed or refused"`
	Host          string       `json:"host" doc:"That sent it; empty unless it is confirmed"`
	PortKey       string       `json:"portKey" doc:"Of the source; empty where it cannot be told"`
	Direction     string       `json:"direction" doc:"from-vm, to-vm, or both where it cannot be told"`
	Gap           uint32       `json:"gap" doc:"Sequence numbers passed over before it; an estimate"`
	Refused       string       `json:"refused" doc:"Why it could not be read; empty: it could"`
	Encapsulation string       `json:"encapsulation"`
	Key           *uint32      `json:"key,omitempty" doc:"Of GRE; absent: it has none"`
	Sequence      *uint32      `json:"sequence,omitempty" doc:"Of GRE; absent: it has none"`
	ERSPANID      int          `json:"erspanId"`
	COS           int          `json:"cos"`
	Truncated     bool         `json:"truncated" doc:"The mirror says that it cut the frame"`
	Inner         *InnerHeader `json:"inner,omitempty" doc:"Of the mirrored frame; absent where it could not be read"`
}

// InnerHeader are the headers of a mirrored frame.
type InnerHeader struct {
	SourceMAC      string `json:"sourceMac" doc:"Empty where the mirror left the Ethernet header away"`
	DestinationMAC string `json:"destinationMac"`
	VLAN           *int   `json:"vlan,omitempty" doc:"In which it travelled; absent: it bore no tag"`
	EtherType      string `json:"etherType" example:"0x0800"`
	Protocol       string `json:"protocol" example:"tcp" doc:"arp, icmp, tcp, udp and so on, a number for others; empty where there is no IP"`
	Source         string `json:"source" doc:"Address, and port after a colon where there is one"`
	Destination    string `json:"destination"`
	TCPFlags       string `json:"tcpFlags" example:"SYN,ACK"`
	Length         int    `json:"length" doc:"Of the frame in bytes"`
	Cut            bool   `json:"cut" doc:"Fewer bytes of it are there"`
}

// FirstPacket is one of the first packets of an exporter.
type FirstPacket struct {
	Packet      PacketSeen `json:"packet"`
	Bytes       string     `json:"bytes" doc:"In hexadecimal, from the GRE header on; behind the headers only with bytes=true"`
	HeaderBytes int        `json:"headerBytes" doc:"How many of the bytes are headers of GRE, ERSPAN and the frame"`
}
