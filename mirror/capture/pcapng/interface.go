package pcapng

// LinkType says what packets begin with.
type LinkType uint16

// The link types in use.
const (
	Ethernet LinkType = 1
	RawIP    LinkType = 101 // an IPv4 or IPv6 header
)

// Interface describes where packets come from. The first of a section has the number 0, the next one 1. What is empty is left out.
type Interface struct {
	Link        LinkType
	SnapLength  int // bytes kept of each packet; 0: all
	Name        string
	Description string
	Filter      string // of libpcap's language
	MAC         []byte // six bytes, or nil
}

// Codes of the options of an interface.
const (
	interfaceName        = 2
	interfaceDescription = 3
	interfaceMAC         = 6
	interfaceResolution  = 9
	interfaceFilter      = 11
)

const (
	nanoseconds   = 9      // as a power of ten
	filterLibpcap = "\x00" // the filter is text in libpcap's language
)

// Append appends the block to b.
func (i Interface) Append(b []byte) []byte {
	start := len(b)
	b = open(b, typeInterface)
	b = order.AppendUint16(order.AppendUint16(b, uint16(i.Link)), 0)
	b = order.AppendUint32(b, field32(i.SnapLength))
	options := len(b)
	b = appendText(b, interfaceName, i.Name)
	b = appendText(b, interfaceDescription, i.Description)
	if len(i.MAC) == 6 {
		b = appendBytes(b, interfaceMAC, i.MAC...)
	}
	b = appendBytes(b, interfaceResolution, nanoseconds)
	b = appendPrefixed(b, interfaceFilter, filterLibpcap, i.Filter)
	return shut(endOptions(b, options), start)
}

// field32 holds n to a field of 32 bits.
func field32(n int) uint32 { return uint32(min(max(int64(n), 0), 1<<32-1)) }
