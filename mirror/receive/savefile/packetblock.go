package savefile

import (
	"fmt"
	"time"
)

// The lengths of what precedes the data in the body of a packet block, bytes.
const (
	datedHead  = 20
	simpleHead = 4
)

// enhanced reads the body
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                         Interface ID                          |
//	|                        Timestamp (High)                       |
//	|                        Timestamp (Low)                        |
//	|                    Captured Packet Length                     |
//	|                    Original Packet Length                     |
//	/                          Packet Data                          /
//	/                            Options                            /
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
func (f *pcapng) enhanced(p *Packet, body []byte) error {
	if len(body) < datedHead {
		return tooShort(body, datedHead)
	}
	return f.dated(p, body, f.uint32(body))
}

// obsolete reads a body like that of enhanced, in which the number of the
// interface and a count of drops have 16 bits each.
func (f *pcapng) obsolete(p *Packet, body []byte) error {
	if len(body) < datedHead {
		return tooShort(body, datedHead)
	}
	return f.dated(p, body, uint32(f.uint16(body)))
}

// dated reads a packet with a time.
func (f *pcapng) dated(p *Packet, body []byte, id uint32) error {
	i, err := f.interfaceOf(id)
	if err != nil {
		return err
	}
	captured := f.uint32(body[12:])
	data, err := i.data(body[datedHead:], captured)
	if err != nil {
		return err
	}
	ticks := uint64(f.uint32(body[4:]))<<32 | uint64(f.uint32(body[8:]))
	p.Data, p.Length, p.Link, p.Interface = data, length(f.uint32(body[16:])), i.link, int(id)
	p.Time = i.clock.at(ticks)
	return nil
}

// simple reads the body
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                    Original Packet Length                     |
//	/                          Packet Data                          /
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// of a packet of the first interface, cut at its snap length.
func (f *pcapng) simple(p *Packet, body []byte) error {
	if len(body) < simpleHead {
		return tooShort(body, simpleHead)
	}
	i, err := f.interfaceOf(0)
	if err != nil {
		return err
	}
	original := f.uint32(body)
	captured := original
	if i.snapLen != 0 {
		captured = min(captured, i.snapLen)
	}
	data, err := i.data(body[simpleHead:], captured)
	if err != nil {
		return err
	}
	p.Data, p.Length, p.Link, p.Interface = data, length(original), i.link, 0
	p.Time = time.Time{}
	return nil
}

// data is so many captured bytes of what follows in a block.
func (i *iface) data(b []byte, captured uint32) ([]byte, error) {
	if most := i.link.maxData(); captured > most {
		return nil, fmt.Errorf("%d captured bytes of one packet, more than the %d there can be", captured, most)
	}
	if int(captured) > len(b) {
		return nil, fmt.Errorf("%d captured bytes in a block with room for %d", captured, len(b))
	}
	return b[:captured:captured], nil
}
