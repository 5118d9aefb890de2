package traffic

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// maxQuote is how much of a packet an ICMP error repeats, so that it fits 576 bytes.
const maxQuote = 548

// Takes reports whether a packet to this address is for the endpoint.
func (e Endpoint) Takes(to netip.Addr) bool { return to.IsValid() && (to == e.IP || to == e.IP6) }

// Receive is what crosses the switch when an IP packet for the endpoint comes from the router: a frame that carries it, and behind it,
// unless the endpoint is mute, the frame with the answer. answer is the IP packet in that one, nil without one.
func (e Endpoint) Receive(packet []byte, mute bool) (frames []Frame, answer []byte) {
	first, kind := layers.LayerTypeIPv4, layers.EthernetTypeIPv4
	if len(packet) > 0 && packet[0]>>4 == 6 {
		first, kind = layers.LayerTypeIPv6, layers.EthernetTypeIPv6
	}
	router := routerMAC(e.VLAN)
	w := &wire{}
	w.append(0, []int{e.ID}, []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: router, DstMAC: e.MAC, EthernetType: kind}, gopacket.Payload(packet),
	})
	if mute {
		return w.frames, nil
	}
	decoded := gopacket.NewPacket(packet, first, gopacket.Default)
	reply := replyTo(decoded, packet)
	if reply == nil {
		return w.frames, nil
	}
	answer = serialised(reply)
	w.append(e.ID, nil, []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: e.MAC, DstMAC: router, EthernetType: kind}, gopacket.Payload(answer),
	})
	return w.frames, answer
}

// replyTo is the packet that a guest answers with: an echo reply, or that the port is closed; nil when it does not.
func replyTo(p gopacket.Packet, raw []byte) []gopacket.SerializableLayer {
	switch ip := p.NetworkLayer().(type) {
	case *layers.IPv4:
		back := &layers.IPv4{Version: 4, TTL: ttl, Protocol: layers.IPProtocolICMPv4, SrcIP: ip.DstIP, DstIP: ip.SrcIP}
		if echo, ok := p.Layer(layers.LayerTypeICMPv4).(*layers.ICMPv4); ok && echo.TypeCode.Type() == layers.ICMPv4TypeEchoRequest {
			return []gopacket.SerializableLayer{back, &layers.ICMPv4{
				TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoReply, 0), Id: echo.Id, Seq: echo.Seq,
			}, gopacket.Payload(echo.Payload)}
		}
		if p.Layer(layers.LayerTypeUDP) != nil {
			return []gopacket.SerializableLayer{back, &layers.ICMPv4{
				TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeDestinationUnreachable, layers.ICMPv4CodePort),
			}, gopacket.Payload(raw[:min(len(raw), maxQuote)])}
		}
	case *layers.IPv6:
		back := &layers.IPv6{Version: 6, HopLimit: ttl, NextHeader: layers.IPProtocolICMPv6, SrcIP: ip.DstIP, DstIP: ip.SrcIP}
		kind, data := layers.ICMPv6TypeEchoReply, []byte(nil)
		code := uint8(0)
		if echo, ok := p.Layer(layers.LayerTypeICMPv6).(*layers.ICMPv6); ok && echo.TypeCode.Type() == layers.ICMPv6TypeEchoRequest {
			data = echo.Payload
		} else if p.Layer(layers.LayerTypeUDP) != nil {
			kind, code = layers.ICMPv6TypeDestinationUnreachable, layers.ICMPv6CodePortUnreachable
			data = append(make([]byte, 4), raw[:min(len(raw), maxQuote)]...)
		} else {
			return nil
		}
		message := &layers.ICMPv6{TypeCode: layers.CreateICMPv6TypeCode(uint8(kind), code)}
		if message.SetNetworkLayerForChecksum(back) != nil {
			return nil
		}
		return []gopacket.SerializableLayer{back, message, gopacket.Payload(data)}
	}
	return nil
}

// Neighbour is what crosses the switch when a frame for the endpoint comes from another machine of its segment. A question who has its
// address is answered, unless it is mute.
func (e Endpoint) Neighbour(frame []byte, mute bool) (frames []Frame, answer []byte) {
	frames = []Frame{{From: 0, To: []int{e.ID}, Data: frame}}
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	asked, ok := p.Layer(layers.LayerTypeARP).(*layers.ARP)
	if !ok || mute || asked.Operation != layers.ARPRequest || !net.IP(asked.DstProtAddress).Equal(e.IP.AsSlice()) {
		return frames, nil
	}
	answer = serialised([]gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: e.MAC, DstMAC: net.HardwareAddr(asked.SourceHwAddress), EthernetType: layers.EthernetTypeARP},
		&layers.ARP{
			AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4, Operation: layers.ARPReply,
			SourceHwAddress: e.MAC, SourceProtAddress: e.IP.AsSlice(), DstHwAddress: asked.SourceHwAddress, DstProtAddress: asked.SourceProtAddress,
		},
	})
	return append(frames, Frame{From: e.ID, Data: answer}), answer
}

func serialised(stack []gopacket.SerializableLayer) []byte {
	w := &wire{}
	w.append(0, nil, stack)
	return w.frames[0].Data
}
