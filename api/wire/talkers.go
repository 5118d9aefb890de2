package wire

// Talkers is who talks most and who talks to whom: hosts are the nodes of a graph, edges its edges. All lists have the heaviest first.
// Conversations that are kept are counted exactly; of those that made room for others, a sketch says how far off it may be (over).
type Talkers struct {
	Tracking  Tracking         `json:"tracking"`
	Verdict   Verdict          `json:"verdict" doc:"Of the session: whether its mirror delivers"`
	Window    string           `json:"window" example:"10s" doc:"Over which the rates are taken"`
	Hosts     []TalkerHost     `json:"hosts"`
	Edges     []TalkerEdge     `json:"edges"`
	Ports     []TalkerPort     `json:"ports"`
	Protocols []TalkerProtocol `json:"protocols"`
	HostFloor uint64           `json:"hostFloor" doc:"The most bytes that a host which is not counted may have; 0: all are"`
	EdgeFloor uint64           `json:"edgeFloor"`
	PortFloor uint64           `json:"portFloor"`
}

// Talked is how much.
type Talked struct {
	Packets          uint64  `json:"packets"`
	Bytes            uint64  `json:"bytes"`
	Over             uint64  `json:"over" doc:"By how many bytes, at most, that is too much; 0: it is exact"`
	PacketsPerSecond float64 `json:"packetsPerSecond"`
	BitsPerSecond    float64 `json:"bitsPerSecond"`
}

// TalkerHost is a node.
type TalkerHost struct {
	Address       string `json:"address"`
	SentBytes     uint64 `json:"sentBytes"`
	ReceivedBytes uint64 `json:"receivedBytes"`
	Talked
}

// TalkerEdge is what two hosts say to each other over one service. a is the lesser address.
type TalkerEdge struct {
	A        string `json:"a"`
	B        string `json:"b"`
	Protocol string `json:"protocol"`
	Port     int    `json:"port" doc:"Of the end that was asked; 0 without ports"`
	Talked
}

// TalkerPort is a service.
type TalkerPort struct {
	Protocol string `json:"protocol"`
	Port     int    `json:"port"`
	Talked
}

// TalkerProtocol is a protocol of IP, or, with a name like ethertype 0x0806, one beside it.
type TalkerProtocol struct {
	Protocol string `json:"protocol"`
	Talked
}
