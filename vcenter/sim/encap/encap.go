// Package encap makes the packets a host sends for a mirrored frame: GRE,
// ERSPAN Type II and III inside IPv4 or IPv6, in fragments where the path is
// narrow. It does no IO.
//
// Outer IP and GRE are gopacket's; the ERSPAN headers are packed by hand here
// (gopacket knows no Type III), bit by bit after draft-foschiano-erspan-03.
package encap

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Kind is an encapsulation, VMwareVspanSession.encapType.
type Kind string

const (
	GRE     Kind = "gre"     // transparent Ethernet bridging
	ERSPAN2 Kind = "erspan2" // ERSPAN Type II
	ERSPAN3 Kind = "erspan3" // ERSPAN Type III
)

// Overhead is the most any kind puts between the outer IP header and the frame:
// GRE with sequence and a Type III header, bytes.
const Overhead = 8 + 12

// MaxFrame is the longest frame that can be carried, bytes: the outer IPv4
// length field ends at 65535.
const MaxFrame = 65535 - 20 - Overhead

// Mirror is one mirrored frame and how to carry it.
type Mirror struct {
	Kind        Kind
	Source      netip.Addr // address of the host's vmkernel adapter
	Destination netip.Addr // same family as Source
	ID          uint16     // IP identification; the same in all fragments

	Frame     []byte // as long as it is to be carried
	Truncated bool   // Frame is not all of what crossed the port
	FromVM    bool   // the source port's machine sent it

	SessionID   uint16 // ERSPAN, 10 bits
	COS         uint8  // ERSPAN, 3 bits
	VLAN        uint16 // ERSPAN, the port's VLAN, 12 bits
	Sequence    uint32 // ERSPAN
	Index       uint32 // Type II, 20 bits
	HardwareID  uint8  // Type III, 6 bits
	Nanoseconds bool   // Type III, finer timestamps
	At          time.Time
}

// etherTypes of GRE payloads.
const (
	typeBridging = layers.EthernetType(0x6558)
	typeERSPAN2  = layers.EthernetType(0x88be)
	typeERSPAN3  = layers.EthernetType(0x22eb)
)

// keyFromVM is the GRE key ESXi puts on frames the machine sends; those it
// receives have key 0. Seen in captures that are almost certainly ESXi's.
const keyFromVM = 0x0200_0000

// Packets are the outer IP packets for the frame, each at most mtu bytes long.
func (m Mirror) Packets(mtu int) ([][]byte, error) {
	if len(m.Frame) > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes is too long to mirror, at most %d", len(m.Frame), MaxFrame)
	}
	if m.Source.Is4() != m.Destination.Is4() {
		return nil, fmt.Errorf("no path from %v to %v: different address families", m.Source, m.Destination)
	}
	gre := &layers.GRE{}
	payload := gopacket.Payload(m.Frame)
	switch m.Kind {
	case GRE:
		gre.Protocol, gre.KeyPresent = typeBridging, true
		if m.FromVM {
			gre.Key = keyFromVM
		}
	case ERSPAN2:
		gre.Protocol, gre.SeqPresent, gre.Seq = typeERSPAN2, true, m.Sequence
		payload = append(m.type2(), m.Frame...)
	case ERSPAN3:
		gre.Protocol, gre.SeqPresent, gre.Seq = typeERSPAN3, true, m.Sequence
		payload = append(m.type3(), m.Frame...)
	default:
		return nil, fmt.Errorf("encapsulation %q is unknown", m.Kind)
	}
	body, err := serialize(gre, payload)
	if err != nil {
		return nil, err
	}
	if m.Source.Is4() {
		return m.packets4(body, mtu)
	}
	return m.packets6(body, mtu)
}

// serialize puts layers together.
func serialize(stack ...gopacket.SerializableLayer) ([]byte, error) {
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, stack...); err != nil {
		return nil, fmt.Errorf("encoding an outer packet: %w", err)
	}
	return buffer.Bytes(), nil
}
