package inspect

import (
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// record is a packet as JSON says it. What the packet does not have is absent.
type record struct {
	// Number is that of the packet in the file, counted from 1 as Wireshark does; of a fragmented one, that of the fragment
	// that completed it.
	Number        uint64        `json:"number"`
	Outer         *outerRecord  `json:"outer,omitempty"`
	Encapsulation string        `json:"encapsulation,omitempty"` // gre, erspan1, erspan2, erspan3
	GRE           *greRecord    `json:"gre,omitempty"`
	ERSPAN        *erspanRecord `json:"erspan,omitempty"` // Type II and III; Type I has no header
	Inner         *innerRecord  `json:"inner,omitempty"`
	Fragments     int           `json:"fragments,omitempty"` // outer fragments it was put together from, when more than one
	Refused       string        `json:"refused,omitempty"`   // the stable name of why it cannot be a mirror packet
}

type outerRecord struct {
	Src netip.Addr `json:"src"`
	Dst netip.Addr `json:"dst"`
}

type greRecord struct {
	Key      *uint32 `json:"key,omitempty"`
	Sequence *uint32 `json:"sequence,omitempty"`
}

type erspanRecord struct {
	ID        uint16 `json:"id"`
	VLAN      uint16 `json:"vlan"` // the header's field; whether the frame bears the tag too shows in inner
	COS       uint8  `json:"cos"`
	Truncated bool   `json:"truncated"`
	// Of Type II.
	Index *uint32 `json:"index,omitempty"`
	// Of Type III.
	Timestamp  *uint32 `json:"timestamp,omitempty"` // ticks of the sender's clock, of a unit and an epoch of its own
	Direction  string  `json:"direction,omitempty"` // of the mirrored port: ingress is what the VM sent
	HardwareID *uint8  `json:"hardwareId,omitempty"`
}

type innerRecord struct {
	SrcMAC    string      `json:"srcMAC,omitempty"`
	DstMAC    string      `json:"dstMAC,omitempty"`
	VLAN      *uint16     `json:"vlan,omitempty"`      // of the outermost tag in the frame
	EtherType string      `json:"etherType,omitempty"` // e.g. 0x0800, behind the tags; absent of 802.3 frames, which have a length there
	Src       *netip.Addr `json:"src,omitempty"`
	Dst       *netip.Addr `json:"dst,omitempty"`
	Protocol  *uint8      `json:"protocol,omitempty"` // IP protocol number, behind IPv6 extension headers
	SrcPort   *uint16     `json:"srcPort,omitempty"`
	DstPort   *uint16     `json:"dstPort,omitempty"`
	Length    int         `json:"length"` // bytes of the frame as its own header says, else those that are there
}

// newRecord returns the packet as JSON says it. It points into p.
func newRecord(p *packet) record {
	r := record{Number: p.number, Refused: p.refused}
	if p.src.IsValid() {
		r.Outer = &outerRecord{p.src, p.dst}
	}
	if p.fragments > 1 {
		r.Fragments = p.fragments
	}
	if p.mirror.Type == 0 {
		return r
	}
	r.Encapsulation = p.mirror.Type.String()
	r.GRE = &greRecord{}
	if g := &p.mirror.GRE; g.HasKey {
		r.GRE.Key = &g.Key
	}
	if g := &p.mirror.GRE; g.HasSequence {
		r.GRE.Sequence = &g.Sequence
	}
	r.ERSPAN = newERSPANRecord(p.mirror.Type, &p.mirror.Header)
	if p.refused == "" {
		r.Inner = newInnerRecord(&p.frame)
	}
	return r
}

func newERSPANRecord(t erspan.Type, h *erspan.Header) *erspanRecord {
	if !t.HasSession() {
		return nil
	}
	r := &erspanRecord{ID: h.SessionID, VLAN: h.VLAN, COS: h.COS, Truncated: h.Truncated}
	switch t {
	case erspan.TypeII:
		r.Index = &h.Index
	case erspan.TypeIII:
		r.Timestamp, r.Direction, r.HardwareID = &h.Timestamp, h.Direction.String(), &h.HardwareID
	}
	return r
}

func newInnerRecord(f *frame.Frame) *innerRecord {
	r := &innerRecord{Length: f.Length}
	if !f.Bare {
		r.SrcMAC, r.DstMAC = f.Ethernet.Src.String(), f.Ethernet.Dst.String()
		if f.NumTags > 0 {
			r.VLAN = &f.Tags[0].ID
		}
		if !f.IsLLC() {
			r.EtherType = fmt.Sprintf("0x%04x", f.EtherType)
		}
	}
	if f.HasIP {
		r.Src, r.Dst, r.Protocol = &f.IP.Src, &f.IP.Dst, &f.Protocol
	}
	if f.HasPorts {
		r.SrcPort, r.DstPort = &f.SrcPort, &f.DstPort
	}
	return r
}
