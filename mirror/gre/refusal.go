package gre

// Refusal is the reason a packet was not accepted as GRE. It is returned as the
// error itself, so that refusing allocates nothing and every reason can be
// counted under its name. The zero value is no refusal and is never returned.
type Refusal uint8

// The reasons for which Parse refuses a packet.
const (
	// Short: the packet ends before the header its flags announce.
	Short Refusal = iota + 1
	// Version: not version 0. Version 1 is PPTP (RFC 2637).
	Version
	// Routing: the R bit of RFC 1701; RFC 2784 section 2.3 says discard.
	Routing
	// Reserved: bit 4 or 5 is set; RFC 2784 section 2.3 says discard.
	Reserved
	// Keepalive: protocol type 0, what routers send to test a tunnel.
	Keepalive

	// NumRefusals sizes an array indexed by Refusal.
	NumRefusals = iota + 1
)

var refusals = [NumRefusals]struct{ name, sentence string }{
	0:         {"none", "gre: not refused"},
	Short:     {"gre_short", "gre: packet ends inside the header"},
	Version:   {"gre_version", "gre: version is not 0"},
	Routing:   {"gre_routing", "gre: routing is present (RFC 1701)"},
	Reserved:  {"gre_reserved", "gre: reserved bit 4 or 5 is set"},
	Keepalive: {"gre_keepalive", "gre: keepalive (protocol type 0)"},
}

// Refusals lists every reason, in a fixed order, for whoever counts them.
func Refusals() []Refusal {
	return []Refusal{Short, Version, Routing, Reserved, Keepalive}
}

// String gives the stable name used in JSON, metric labels and logs.
func (r Refusal) String() string {
	if int(r) < len(refusals) {
		return refusals[r].name
	}
	return "gre_unknown"
}

// Error says the reason in words.
func (r Refusal) Error() string {
	if int(r) < len(refusals) {
		return refusals[r].sentence
	}
	return "gre: unknown refusal"
}
