package wire

import "time"

// Receiver is what takes mirrored packets in.
type Receiver struct {
	Name          string            `json:"name" example:"local"`
	Kind          string            `json:"kind" doc:"xdp, ring, raw, plain, file or memory: how packets are taken in, the cheapest first"`
	Interface     string            `json:"interface" doc:"Empty: all of them"`
	Addresses     []string          `json:"addresses" doc:"Where mirrors are sent to reach it"`
	Up            bool              `json:"up"`
	Message       string            `json:"message" doc:"Why it is down, or works less well than it could"`
	Reason        string            `json:"reason" doc:"Why a better kind is not in use"`
	Warnings      []string          `json:"warnings" doc:"What does not work beside it"`
	XDPMode       string            `json:"xdpMode" doc:"native or generic, where the kernel counts; empty otherwise"`
	Workers       int               `json:"workers" doc:"How many receive at the same time; all of one exporter is with one of them"`
	SnapLength    int               `json:"snapLength" doc:"Bytes copied of each outer packet now; 0: all of them, as while somebody captures"`
	RingBytes     int               `json:"ringBytes" doc:"Memory of the rings"`
	DropFilter    DropFilter        `json:"dropFilter"`
	Packets       uint64            `json:"packets" doc:"Packets handed over by the kernel"`
	Datagrams     uint64            `json:"datagrams" doc:"Whole GRE datagrams delivered"`
	Fragments     uint64            `json:"fragments" doc:"Packets that were fragments of GRE datagrams"`
	Truncated     uint64            `json:"truncated" doc:"Datagrams that a snap length cut"`
	KernelCounted uint64            `json:"kernelCounted" doc:"Of the datagrams, those that the kernel counted and did not hand over"`
	KernelDropped uint64            `json:"kernelDropped" doc:"Packets lost before they could be read"`
	RingDropped   uint64            `json:"ringDropped" doc:"Of those, for want of a free block of the ring"`
	BufferDropped uint64            `json:"bufferDropped" doc:"Of those, for want of room in a socket's buffer"`
	Refused       map[string]uint64 `json:"refused" doc:"Packets that could not be used, by reason"`
	Outputs       []Output          `json:"outputs" doc:"Where mirrored frames go beside being counted"`
}

// Output is a TAP device or a series of files that mirrored frames go to.
type Output struct {
	Kind    string `json:"kind" doc:"tap or files"`
	Name    string `json:"name" example:"mirror0" doc:"The device, or the files"`
	Session string `json:"session" doc:"Whose frames go there; * is every session"`
	Frames  uint64 `json:"frames" doc:"Frames that went there"`
	Bytes   uint64 `json:"bytes"`
	Lost    uint64 `json:"lost" doc:"Frames that were not written in time"`
	TooLong uint64 `json:"tooLong" doc:"Frames longer than the MTU of the device"`
	Refused uint64 `json:"refused" doc:"Frames that the device did not take"`
	Message string `json:"message" doc:"Why nothing goes there at the moment; empty: nothing hinders it"`
}

// DropFilter says where mirrored packets end that the receiver has taken.
type DropFilter struct {
	Way        string   `json:"way" doc:"tcx or clsact; empty: they go on to the IP stack of the receiver's machine"`
	Addresses  []string `json:"addresses" doc:"What is sent to these under protocol 47 nothing else on the machine receives"`
	Interfaces []string `json:"interfaces" doc:"Where it ends"`
	Reason     string   `json:"reason" doc:"Why nothing is dropped, or not everywhere"`
}

// ReceiverList is a page of receivers, ordered by name.
type ReceiverList struct {
	Items         []Receiver `json:"items"`
	NextPageToken string     `json:"nextPageToken"`
}

// Unclaimed is mirror traffic that belongs to no session, from one exporter under one id.
type Unclaimed struct {
	Exporter      string    `json:"exporter" doc:"Outer source address"`
	Receiver      string    `json:"receiver" doc:"Outer destination address"`
	Encapsulation string    `json:"encapsulation"`
	ERSPANID      int       `json:"erspanId"`
	Reason        string    `json:"reason" doc:"Why it belongs to no session"`
	Packets       uint64    `json:"packets"`
	Bytes         uint64    `json:"bytes"`
	FirstPacketAt time.Time `json:"firstPacketAt,omitzero"`
	LastPacketAt  time.Time `json:"lastPacketAt,omitzero"`

	PacketsPerSecond float64        `json:"packetsPerSecond"`
	MACs             []string       `json:"macs" doc:"A few of the inner addresses"`
	Guess            UnclaimedGuess `json:"guess"`
}

// UnclaimedGuess says what unclaimed traffic may be, and why. It is a guess: nothing is done because of it.
type UnclaimedGuess struct {
	Kind    string   `json:"kind" doc:"foreign_session, orphan, own_session, old_session, not_for_us, known_vm, known_host, other_device or unknown"`
	Session string   `json:"session" doc:"The session it may be of, as it is called on the switch, or by us where it is ours"`
	Switch  string   `json:"switch" doc:"Where that stands"`
	Host    string   `json:"host" doc:"Whose vmkernel address the exporter has; empty: no host's that is known"`
	VMs     []string `json:"vms" doc:"Whose the inner addresses are"`
	Message string   `json:"message" doc:"Why, one sentence for a person"`
}

// UnclaimedList is a page of unclaimed traffic, ordered by exporter, receiver and id.
type UnclaimedList struct {
	Items         []Unclaimed `json:"items"`
	NextPageToken string      `json:"nextPageToken"`
}
