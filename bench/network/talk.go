package network

import "encoding/binary"

// progress is by how much a segment of TCP is further the next time, in bytes: in what its side has sent and in what the other has.
type progress struct{ sent, acknowledged uint32 }

// Where headers stand behind the ERSPAN sequence of a frame of Ethernet, IPv4 without options and TCP.
const (
	innerIP     = 4 + 8 + ethernetLen // from the sequence: itself, ERSPAN II, Ethernet
	innerTCP    = innerIP + 20
	protocolTCP = 6
)

// Converse has the TCP conversations in the packets go on from each time to the next as well: with new data, rather than the same again.
// Packets of anything else, and those with VLAN tags or IP options, stay what they are.
func (p *Packets) Converse() {
	p.talks = make([]progress, len(p.list))
	lengths := make(map[string]uint32)
	for i := range p.list {
		if ip, tcp := p.segment(i); tcp != nil {
			there, _ := ways(ip, tcp)
			lengths[there] += uint32(int(binary.BigEndian.Uint16(ip[2:])) - 20 - int(tcp[12]>>4)*4)
		}
	}
	for i := range p.list {
		if ip, tcp := p.segment(i); tcp != nil {
			there, back := ways(ip, tcp)
			p.talks[i] = progress{lengths[there], lengths[back]}
		}
	}
}

// segment is the inner IP packet and the segment of TCP in it; nil where there is none.
func (p *Packets) segment(i int) (ip, tcp []byte) {
	b := p.list[i][p.at:]
	if len(b) < innerTCP+20 || binary.BigEndian.Uint16(b[innerIP-2:]) != 0x0800 || b[innerIP] != 0x45 || b[innerIP+9] != protocolTCP {
		return nil, nil
	}
	return b[innerIP:], b[innerTCP:]
}

// ways are names of the conversation, as seen from who sent the segment and from who receives it.
func ways(ip, tcp []byte) (there, back string) {
	return string(ip[12:20]) + string(tcp[:4]), string(ip[16:20]) + string(ip[12:16]) + string(tcp[2:4]) + string(tcp[:2])
}

// goOn is Renumber of the segment in a packet. The checksum of TCP is left undone, as a mirror finds it.
func (p *Packets) goOn(i int) {
	if _, tcp := p.segment(i); tcp != nil {
		by := &p.talks[i]
		binary.BigEndian.PutUint32(tcp[4:], binary.BigEndian.Uint32(tcp[4:])+by.sent)
		binary.BigEndian.PutUint32(tcp[8:], binary.BigEndian.Uint32(tcp[8:])+by.acknowledged)
	}
}
