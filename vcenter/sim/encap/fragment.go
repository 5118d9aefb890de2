package encap

import (
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

const (
	outerTTL = 64
	header4  = 20
	header6  = 40
	extra6   = 8 // fragment extension header
)

// packets4 sends the body as IPv4. DF is 0, as ESXi sends mirrors: the host
// itself fragments what its path cannot carry.
func (m Mirror) packets4(body []byte, mtu int) ([][]byte, error) {
	var out [][]byte
	room := (mtu - header4) &^ 7 // offsets count 8-byte units (RFC 791)
	if len(body)+header4 <= mtu {
		room = len(body)
	}
	for offset := 0; offset < len(body); offset += room {
		end := min(offset+room, len(body))
		ip := &layers.IPv4{
			Version: 4, TTL: outerTTL, Id: m.ID, Protocol: layers.IPProtocolGRE,
			SrcIP: m.Source.AsSlice(), DstIP: m.Destination.AsSlice(), FragOffset: uint16(offset / 8),
		}
		if end < len(body) {
			ip.Flags = layers.IPv4MoreFragments
		}
		packet, err := serialize(ip, gopacket.Payload(body[offset:end]))
		if err != nil {
			return nil, err
		}
		out = append(out, packet)
	}
	return out, nil
}

// packets6 sends the body as IPv6, with fragment headers where needed (RFC 8200, 4.5).
func (m Mirror) packets6(body []byte, mtu int) ([][]byte, error) {
	ip := layers.IPv6{
		Version: 6, HopLimit: outerTTL, NextHeader: layers.IPProtocolGRE,
		SrcIP: m.Source.AsSlice(), DstIP: m.Destination.AsSlice(),
	}
	if len(body)+header6 <= mtu {
		packet, err := serialize(&ip, gopacket.Payload(body))
		return [][]byte{packet}, err
	}
	ip.NextHeader = layers.IPProtocolIPv6Fragment
	room := (mtu - header6 - extra6) &^ 7
	var out [][]byte
	for offset := 0; offset < len(body); offset += room {
		end := min(offset+room, len(body))
		fragment := &layers.IPv6Fragment{
			NextHeader: layers.IPProtocolGRE, FragmentOffset: uint16(offset / 8),
			MoreFragments: end < len(body), Identification: uint32(m.ID),
		}
		head := ip
		packet, err := serialize(&head, fragment, gopacket.Payload(body[offset:end]))
		if err != nil {
			return nil, err
		}
		out = append(out, packet)
	}
	return out, nil
}
