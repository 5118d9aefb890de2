package traffic

import (
	"fmt"
	"net"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// ttl of a fresh packet; a routed one arrives with one less.
const ttl = 64

// wire collects the frames of one conversation.
type wire struct {
	engine  *Engine
	members []Endpoint
	frames  []Frame
}

// routerMAC is the router's address in a VLAN (the VRRP range of RFC 5798).
func routerMAC(vlan uint16) net.HardwareAddr {
	return net.HardwareAddr{0x00, 0x00, 0x5e, 0x00, byte(vlan >> 8), byte(vlan)}
}

// send puts a packet on the wire: one frame between neighbours, two where the
// router is between them, one where one side is the world.
func (w *wire) send(from, to Endpoint, protocol layers.IPProtocol, payload ...gopacket.SerializableLayer) {
	w.engine.ipID[from.ID]++
	ip := layers.IPv4{
		Version: 4, TTL: ttl, Id: w.engine.ipID[from.ID], Flags: layers.IPv4DontFragment, Protocol: protocol,
		SrcIP: from.IP.AsSlice(), DstIP: to.IP.AsSlice(),
	}
	if from.ID != 0 && to.ID != 0 && from.VLAN == to.VLAN {
		w.frame(from.ID, []int{to.ID}, from.MAC, to.MAC, ip, payload)
		return
	}
	if from.ID != 0 {
		w.frame(from.ID, nil, from.MAC, routerMAC(from.VLAN), ip, payload)
	}
	if to.ID != 0 {
		ip.TTL--
		w.frame(0, []int{to.ID}, routerMAC(to.VLAN), to.MAC, ip, payload)
	}
}

// frame appends one IPv4 frame.
func (w *wire) frame(from int, to []int, src, dst net.HardwareAddr, ip layers.IPv4, payload []gopacket.SerializableLayer) {
	for _, layer := range payload {
		if c, ok := layer.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := c.SetNetworkLayerForChecksum(&ip); err != nil {
				panic(fmt.Sprintf("traffic: an IPv4 header was refused for the checksum: %v", err))
			}
		}
	}
	ethernet := &layers.Ethernet{SrcMAC: src, DstMAC: dst, EthernetType: layers.EthernetTypeIPv4}
	w.append(from, to, append([]gopacket.SerializableLayer{ethernet, &ip}, payload...))
}

// append serialises layers of this package's own making; that they cannot be
// serialised is a mistake here, not something to handle.
func (w *wire) append(from int, to []int, stack []gopacket.SerializableLayer) {
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, stack...); err != nil {
		panic(fmt.Sprintf("traffic: a frame cannot be serialised: %v", err))
	}
	w.frames = append(w.frames, Frame{From: from, To: to, Data: buffer.Bytes()})
}
