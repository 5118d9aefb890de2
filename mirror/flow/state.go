package flow

// State is that of a TCP connection as RFC 9293 has it, as far as an observer between its ends can tell.
type State uint8

// The states. Conversations that are not TCP stay in the first.
const (
	Stateless   State = iota
	SYNSent           // one end asked
	SYNReceived       // the other agreed
	Established       // both know, or data flows and the beginning was not seen
	HalfClosed        // one end sent FIN
	Closing           // both sent FIN
	Closed            // and both were acknowledged
	Aborted           // RST
)

var stateNames = [...]string{"", "syn_sent", "syn_received", "established", "half_closed", "closing", "closed", "aborted"}

// String is the stable name for JSON and logs; "" of a conversation without states.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}
