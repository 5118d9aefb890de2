package flow

import "time"

// Kind is what is wrong with a conversation.
type Kind uint8

// The kinds.
const (
	NoProblem             Kind = iota
	SYNWithoutAnswer           // one end asked, the other said nothing
	Refused                    // the other end answered the SYN with a reset
	IncompleteHandshake        // the answer to the SYN was not acknowledged, or with a reset
	Reset                      // an established connection ended with a reset
	IncompleteTermination      // one end closed, the other never did
	Unidirectional             // one end sends, and of the other nothing is seen
	SequenceGap                // data that its receiver has was never seen, and the mirror did not lose it
	OutOfWindow                // sequence numbers that no end would take
	Retransmissions            // data is sent again and again
	AsymmetricHosts            // the two directions pass different hosts
	AsymmetricSites            // the two directions pass different sites
	PortScan                   // one of many attempts of one address that come to nothing
	FirewallDrop               // a stateful firewall at a site would have dropped it
	numKinds
)

var kindNames = [numKinds]string{
	NoProblem: "none", SYNWithoutAnswer: "syn_without_answer", Refused: "refused", IncompleteHandshake: "incomplete_handshake",
	Reset: "reset", IncompleteTermination: "incomplete_termination", Unidirectional: "unidirectional", SequenceGap: "sequence_gap",
	OutOfWindow: "out_of_window", Retransmissions: "retransmissions", AsymmetricHosts: "asymmetric_hosts",
	AsymmetricSites: "asymmetric_sites", PortScan: "port_scan", FirewallDrop: "firewall_drop",
}

// String is the stable name for JSON, queries and logs.
func (k Kind) String() string {
	if k < numKinds {
		return kindNames[k]
	}
	return "unknown"
}

// Kinds lists all kinds of problems in a fixed order.
func Kinds() []Kind {
	all := make([]Kind, 0, numKinds-1)
	for k := NoProblem + 1; k < numKinds; k++ {
		all = append(all, k)
	}
	return all
}

// ParseKind is the inverse of String; it is not ok for what names no problem.
func ParseKind(name string) (k Kind, ok bool) {
	for _, k := range Kinds() {
		if k.String() == name {
			return k, true
		}
	}
	return NoProblem, false
}

// Doubt is why what looks like a problem may be none.
type Doubt uint8

// The doubts. The zero value is none.
const (
	Sure            Doubt = iota
	MirrorLost            // the mirror lost packets meanwhile
	NotNumbered           // the mirror does not number its packets: whether it lost some is not known
	Sampled               // the mirror shows one packet of several
	OneDirection          // the mirror was never seen to show the other direction
	OtherVLAN             // the other direction is seen in another VLAN
	HeadersCut            // headers of some packets could not be read
	BeginningUnseen       // the beginning of the connection was not seen
	NotYet                // packets that would settle it may still come
	numDoubts
)

var doubtNames = [numDoubts]string{
	Sure: "", MirrorLost: "mirror_lost", NotNumbered: "not_numbered", Sampled: "sampled", OneDirection: "one_direction",
	OtherVLAN: "other_vlan", HeadersCut: "headers_cut", BeginningUnseen: "beginning_unseen", NotYet: "not_yet",
}

// String is the stable name for JSON and logs; "" when there is no doubt.
func (d Doubt) String() string {
	if d < numDoubts {
		return doubtNames[d]
	}
	return "unknown"
}

// Problem is what is wrong with a conversation, or looks as if it were.
type Problem struct {
	Kind Kind
	// Doubt is Sure for Flow.Problems and never for Flow.Doubts.
	Doubt Doubt
	// Site is where, for FirewallDrop.
	Site string
	// Detail is one sentence for a person. It contains no text from the network but addresses.
	Detail string
	// Since is when it began.
	Since time.Time
	// Packets show it: at most four.
	Packets []Ref
}
