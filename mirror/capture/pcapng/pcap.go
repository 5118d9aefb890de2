package pcapng

// pcapNanoseconds is the magic number of a pcap file whose times are in nanoseconds.
const pcapNanoseconds = 0xA1B23C4D

// pcapSnapLength is written where no snap length is said: the format has no word for none.
const pcapSnapLength = 262_144

// AppendPcapHeader appends the header of a pcap file with nanoseconds, of one link type. snapLength is in bytes; 0: all.
func AppendPcapHeader(b []byte, link LinkType, snapLength int) []byte {
	if snapLength == 0 {
		snapLength = pcapSnapLength
	}
	b = order.AppendUint32(b, pcapNanoseconds)
	b = order.AppendUint16(order.AppendUint16(b, 2), 4)
	b = order.AppendUint64(b, 0)
	return order.AppendUint32(order.AppendUint32(b, field32(snapLength)), uint32(link))
}

// AppendPcap appends the packet to b as a pcap file holds it: time, length and bytes. Its time ends in the year 2106.
func (p *Packet) AppendPcap(b []byte) []byte {
	const second = 1_000_000_000
	t := max(p.Time, 0)
	b = order.AppendUint32(order.AppendUint32(b, uint32(min(t/second, 1<<32-1))), uint32(t%second))
	b = order.AppendUint32(b, field32(len(p.Data)))
	b = order.AppendUint32(b, field32(max(p.Length, len(p.Data))))
	return append(b, p.Data...)
}
