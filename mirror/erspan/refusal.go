package erspan

// Refusal is the reason a GRE packet was not accepted as mirrored traffic. It is
// returned as the error itself, so that refusing allocates nothing and every
// reason can be counted under its name. The zero value is no refusal and is never
// returned.
type Refusal uint8

// The reasons for which Parse and Decapsulate refuse a packet.
const (
	// NotAMirror: sound GRE of a protocol that no mirror uses, such as a tunnel's.
	NotAMirror Refusal = iota + 1
	// Short: the packet ends before the ERSPAN header its type announces.
	Short
	// Version: the version nibble is not the one that belongs to the GRE protocol
	// and its S bit: 1 for 0x88BE with a sequence, 2 for 0x22EB.
	Version
	// FrameType: a Type III header that announces neither Ethernet nor IP, before
	// bytes that look like neither.
	FrameType
	// FrameShort: what is mirrored is shorter than the header it must begin with.
	FrameShort

	// NumRefusals sizes an array indexed by Refusal.
	NumRefusals = iota + 1
)

var refusals = [NumRefusals]struct{ name, sentence string }{
	0:          {"none", "erspan: not refused"},
	NotAMirror: {"not_a_mirror", "erspan: GRE protocol is not one that mirrors use"},
	Short:      {"erspan_short", "erspan: packet ends inside the header"},
	Version:    {"erspan_version", "erspan: version does not fit the GRE protocol"},
	FrameType:  {"erspan_frame_type", "erspan: frame type is neither Ethernet nor IP, and neither follows"},
	FrameShort: {"erspan_frame_short", "erspan: mirrored frame is shorter than its first header"},
}

// Refusals lists every reason, in a fixed order, for whoever counts them.
// Decapsulate returns those of package gre too.
func Refusals() []Refusal {
	return []Refusal{NotAMirror, Short, Version, FrameType, FrameShort}
}

// String gives the stable name used in JSON, metric labels and logs.
func (r Refusal) String() string {
	if int(r) < len(refusals) {
		return refusals[r].name
	}
	return "erspan_unknown"
}

// Error says the reason in words.
func (r Refusal) Error() string {
	if int(r) < len(refusals) {
		return refusals[r].sentence
	}
	return "erspan: unknown refusal"
}
