package wire

import "time"

// Flow is a conversation as the mirrors show it. A is the end that began it or, when that is not known, the one that was seen first.
type Flow struct {
	A               FlowEnd       `json:"a"`
	B               FlowEnd       `json:"b"`
	Protocol        string        `json:"protocol" example:"tcp" doc:"Of IP: a name, or its number"`
	VLAN            int           `json:"vlan" doc:"0: none"`
	Began           bool          `json:"began" doc:"a is known to have begun it"`
	AToB            FlowWay       `json:"aToB"`
	BToA            FlowWay       `json:"bToA"`
	State           string        `json:"state" doc:"syn_sent, syn_received, established, half_closed, closing, closed, aborted; empty for what is not TCP"`
	HandshakeRTT    string        `json:"handshakeRTT" example:"1.2ms" doc:"From the SYN to the acknowledgement of its answer; empty: not seen"`
	Retransmissions uint64        `json:"retransmissions" doc:"Segments that were sent again, both ways"`
	ZeroWindows     uint64        `json:"zeroWindows" doc:"Segments that closed the window, both ways"`
	First           time.Time     `json:"first"`
	Last            time.Time     `json:"last"`
	Hosts           []string      `json:"hosts" doc:"The hosts that mirrored it"`
	Seen            []FlowSeen    `json:"seen" doc:"Where each end was seen to send"`
	MirrorLost      uint64        `json:"mirrorLost" doc:"Packets that its mirrors lost while it lasted: as many of its own may be missing"`
	Problems        []FlowProblem `json:"problems" doc:"What is wrong with it"`
	Doubts          []FlowProblem `json:"doubts" doc:"What looks like a problem and may be the mirror's doing"`
	Firewalls       []Firewall    `json:"firewalls" doc:"What a stateful firewall at each site would have made of it; empty without sites"`
}

// FlowEnd is one end of a conversation.
type FlowEnd struct {
	Address string `json:"address"`
	Port    int    `json:"port" doc:"0 for protocols without ports"`
}

// FlowWay is one direction of a conversation.
type FlowWay struct {
	Packets         uint64 `json:"packets" doc:"Seen, at all places together"`
	Bytes           uint64 `json:"bytes" doc:"Of the whole frames, as tshark counts them"`
	Retransmissions uint64 `json:"retransmissions"`
	OutOfOrder      uint64 `json:"outOfOrder"`
	Copies          uint64 `json:"copies" doc:"Packets that one place showed twice"`
	ZeroWindows     uint64 `json:"zeroWindows"`
}

// FlowSeen is a place where one end was seen to send.
type FlowSeen struct {
	From      string    `json:"from" enum:"a,b"`
	Host      string    `json:"host"`
	Site      string    `json:"site" doc:"Empty: none"`
	PortKey   string    `json:"portKey" doc:"Of the mirrored port; empty: not known"`
	Direction string    `json:"direction" enum:"from-vm,to-vm,both" doc:"Seen from the port; both: not known"`
	Packets   uint64    `json:"packets"`
	Bytes     uint64    `json:"bytes"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
}

// FlowProblem is what is wrong with a conversation, or looks as if it were.
type FlowProblem struct {
	Code    string       `json:"code" example:"syn_without_answer"`
	Doubt   string       `json:"doubt" doc:"Why it may be none: mirror_lost, not_numbered, sampled, one_direction, other_vlan, headers_cut, beginning_unseen; empty for problems"`
	Message string       `json:"message" doc:"One sentence for a person"`
	Site    string       `json:"site" doc:"Where, for firewall_drop"`
	Since   time.Time    `json:"since,omitzero"`
	Packets []FlowPacket `json:"packets" doc:"That show it, at most four"`
}

// FlowPacket is a packet that shows something.
type FlowPacket struct {
	Number  uint64    `json:"number" doc:"Of all packets that were looked at, from 1"`
	Time    time.Time `json:"time"`
	From    string    `json:"from" enum:"a,b"`
	Host    string    `json:"host"`
	Site    string    `json:"site"`
	Length  int       `json:"length" doc:"Of the data; of what is not TCP, of the frame"`
	Summary string    `json:"summary" example:"[SYN] Seq=1 Ack=0 Win=65535 Len=0" doc:"Empty for what is not TCP"`
}

// Firewall is what a stateful firewall at a site would have done with a conversation, had all that was seen there passed it.
type Firewall struct {
	Site    string      `json:"site"`
	Verdict string      `json:"verdict" enum:"cannot_tell,would_pass,would_drop"`
	Doubt   string      `json:"doubt" doc:"Why it cannot be told"`
	Reason  string      `json:"reason" doc:"Why it would have dropped"`
	At      *FlowPacket `json:"at,omitempty" doc:"The first packet it would have dropped"`
	SawA    bool        `json:"sawA" doc:"Packets from a were seen at the site"`
	SawB    bool        `json:"sawB"`
}

// Scan is an address that tries one target after the other.
type Scan struct {
	From     string    `json:"from"`
	Since    time.Time `json:"since" doc:"When it was recognised"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Attempts uint64    `json:"attempts"`
	Answered uint64    `json:"answered"`
	Refused  uint64    `json:"refused"`
	Targets  uint64    `json:"targets" doc:"Different (host, port) that it tried; this and the next two are estimates"`
	Hosts    uint64    `json:"hosts"`
	Ports    uint64    `json:"ports"`
}

// Tracking says since when conversations are looked at, and what was looked at. No conversations in a short time, or of no packets, say
// nothing about the network.
type Tracking struct {
	Since      time.Time `json:"since" doc:"When looking began: what was before is not in the answer"`
	Until      time.Time `json:"until,omitzero" doc:"When it ends unless somebody asks again; absent: it goes on as long as the session"`
	Packets    uint64    `json:"packets" doc:"Looked at since then"`
	Bytes      uint64    `json:"bytes"`
	NotIP      uint64    `json:"notIP" doc:"Packets that are no IP: they are in no conversation"`
	Blind      uint64    `json:"blind" doc:"TCP segments whose header could not be read: counted, not judged"`
	MirrorLost uint64    `json:"mirrorLost" doc:"Packets that the mirror is known to have lost"`
	Missed     uint64    `json:"missed" doc:"Packets that arrived and were not looked at in time"`
	Flows      uint64    `json:"flows" doc:"Conversations kept"`
	Begun      uint64    `json:"begun" doc:"Conversations ever seen"`
	Evicted    uint64    `json:"evicted" doc:"Of them, those that made room for others"`
}

// FlowList is a page of conversations.
type FlowList struct {
	Tracking      Tracking `json:"tracking"`
	Verdict       Verdict  `json:"verdict" doc:"Of the session: whether its mirror delivers"`
	Scans         []Scan   `json:"scans" doc:"Port scans that are recognised, those with most attempts first"`
	Items         []Flow   `json:"items"`
	NextPageToken string   `json:"nextPageToken"`
}
