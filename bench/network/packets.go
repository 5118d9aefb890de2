package network

import "encoding/binary"

// Packets are ERSPAN II packets to be sent, or read, over and over. Their sequences go on from each time to the next, as those of a host
// do: otherwise a receiver would see a sender that begins anew all the time.
type Packets struct {
	list  [][]byte
	steps []uint32   // by how much the sequence of each goes up the next time
	at    int        // where the sequence is
	talks []progress // of each packet; nil: what is in them stays as it is
}

// erspanSequence is where the sequence is in an IPv4 packet without options: behind the IP header and the first word of GRE.
const erspanSequence = 20 + 4

// NewPackets takes over packets of ERSPAN in IPv4, each with lead bytes before the IP header.
func NewPackets(list [][]byte, lead int) *Packets {
	type stream struct {
		source  [4]byte
		session uint16
	}
	streamOf := func(b []byte) stream {
		ip := b[lead:]
		return stream{[4]byte(ip[12:16]), binary.BigEndian.Uint16(ip[erspanSequence+6:]) & 0x03FF}
	}
	lengths := make(map[stream]uint32)
	for _, b := range list {
		lengths[streamOf(b)]++
	}
	p := &Packets{list: list, steps: make([]uint32, len(list)), at: lead + erspanSequence}
	for i, b := range list {
		p.steps[i] = lengths[streamOf(b)]
	}
	return p
}

// All are the packets themselves.
func (p *Packets) All() [][]byte { return p.list }

// Renumber makes a packet its own successor, one time round later.
func (p *Packets) Renumber(i int) {
	number := p.list[i][p.at : p.at+4]
	binary.BigEndian.PutUint32(number, binary.BigEndian.Uint32(number)+p.steps[i])
	if p.talks != nil {
		p.goOn(i)
	}
}
