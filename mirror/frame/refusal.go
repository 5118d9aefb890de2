package frame

// Refusal is what was wrong with a header. Parse and ParseIP return it as the
// error itself, so that refusing allocates nothing and every reason can be counted
// under its name; Frame.Inner carries it for what was wrong behind a sound
// Ethernet header. The zero value is no refusal and is never returned as an error.
type Refusal uint8

// The reasons for which a header is refused.
const (
	// Short: shorter than an Ethernet header. The only reason to refuse a frame.
	Short Refusal = iota + 1
	// TagShort: the frame ends inside a VLAN tag.
	TagShort
	// TagDepth: more VLAN tags than MaxTags.
	TagDepth
	// ARPShort: the packet ends inside ARP.
	ARPShort
	// ARPType: ARP of other networks than IPv4 over Ethernet.
	ARPType
	// IPShort: the packet ends inside an IP header.
	IPShort
	// IPVersion: the version nibble is not 4 or 6, or not what the EtherType says.
	IPVersion
	// IPHeaderLength: an IPv4 header says it is shorter than 20 bytes.
	IPHeaderLength
	// IPTotalLength: the IP packet says it is shorter than its own headers.
	IPTotalLength
	// IPExtension: the packet ends inside an IPv6 extension header.
	IPExtension
	// IPExtensions: more IPv6 extension headers than MaxExtensions.
	IPExtensions
	// IPNestedFragment: a fragment header inside what was fragmented.
	IPNestedFragment
	// PortsShort: the packet ends before the ports that its protocol has.
	PortsShort

	// NumRefusals sizes an array indexed by Refusal.
	NumRefusals = iota + 1
)

var refusals = [NumRefusals]struct{ name, sentence string }{
	0:                {"none", "frame: not refused"},
	Short:            {"frame_short", "frame: shorter than an Ethernet header"},
	TagShort:         {"frame_vlan_short", "frame: ends inside a VLAN tag"},
	TagDepth:         {"frame_vlan_depth", "frame: too many VLAN tags"},
	ARPShort:         {"frame_arp_short", "frame: ends inside ARP"},
	ARPType:          {"frame_arp_type", "frame: ARP is not for IPv4 over Ethernet"},
	IPShort:          {"frame_ip_short", "frame: ends inside an IP header"},
	IPVersion:        {"frame_ip_version", "frame: IP version is not the expected one"},
	IPHeaderLength:   {"frame_ip_header_length", "frame: IPv4 header length is below 20 bytes"},
	IPTotalLength:    {"frame_ip_total_length", "frame: IP length is below that of its headers"},
	IPExtension:      {"frame_ip_extension_short", "frame: ends inside an IPv6 extension header"},
	IPExtensions:     {"frame_ip_extension_depth", "frame: too many IPv6 extension headers"},
	IPNestedFragment: {"frame_ip_nested_fragment", "frame: fragment header inside a fragmented datagram"},
	PortsShort:       {"frame_ports_short", "frame: ends before the ports"},
}

// Refusals lists every reason, in a fixed order, for whoever counts them.
func Refusals() []Refusal {
	all := make([]Refusal, 0, NumRefusals-1)
	for r := Refusal(1); r < NumRefusals; r++ {
		all = append(all, r)
	}
	return all
}

// String gives the stable name used in JSON, metric labels and logs; "none" for
// the zero value.
func (r Refusal) String() string {
	if int(r) < len(refusals) {
		return refusals[r].name
	}
	return "frame_unknown"
}

// Error says the reason in words.
func (r Refusal) Error() string {
	if int(r) < len(refusals) {
		return refusals[r].sentence
	}
	return "frame: unknown refusal"
}
