package pcapng

// Packet is one packet of an interface.
type Packet struct {
	Interface int   // its number
	Time      int64 // nanoseconds since 1970
	Length    int   // bytes it had; less than there are is as many as there are
	Data      []byte
	Direction Direction
	// Dropped is how many packets were lost between the one before and this one.
	Dropped  uint64
	Comments []string
}

// Direction is which way a packet went, as its interface sees it.
type Direction uint8

// The directions.
const (
	Unknown Direction = iota
	Inbound
	Outbound
)

// Codes of the options of a packet.
const (
	packetFlags   = 2
	packetDropped = 4
)

// Append appends the block to b.
func (p *Packet) Append(b []byte) []byte {
	start := len(b)
	b = open(b, typePacket)
	b = order.AppendUint32(b, field32(p.Interface))
	b = appendTime(b, p.Time)
	b = order.AppendUint32(b, field32(len(p.Data)))
	b = order.AppendUint32(b, field32(max(p.Length, len(p.Data))))
	b = pad(append(b, p.Data...), len(p.Data))
	options := len(b)
	for _, text := range p.Comments {
		b = appendText(b, optionComment, text)
	}
	if p.Direction == Inbound || p.Direction == Outbound {
		b = appendUint32(b, packetFlags, uint32(p.Direction))
	}
	if p.Dropped > 0 {
		b = appendUint64(b, packetDropped, p.Dropped)
	}
	return shut(endOptions(b, options), start)
}
