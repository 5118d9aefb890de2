package traffic

import (
	"net"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// nameServer answers DNS from beyond the router.
var nameServer = Endpoint{Name: "ns", IP: netip.AddrFrom4([4]byte{10, 10, 255, 53})}

// domain the machines' names are in (RFC 2606).
const domain = ".prod.example"

var broadcast = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// arp resolves the peer, or the router where the peer is not a neighbour.
func (w *wire) arp(self, peer Endpoint) {
	request := layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4, HwAddressSize: 6, ProtAddressSize: 4,
		Operation: layers.ARPRequest, SourceHwAddress: self.MAC, SourceProtAddress: self.IP.AsSlice(),
		DstHwAddress: make([]byte, 6),
	}
	target, mac, id := self.Gateway, routerMAC(self.VLAN), 0
	if peer.ID != 0 && peer.VLAN == self.VLAN {
		target, mac, id = peer.IP, peer.MAC, peer.ID
	}
	request.DstProtAddress = target.AsSlice()
	var hear []int
	for _, m := range w.members {
		if m.ID != self.ID && m.VLAN == self.VLAN {
			hear = append(hear, m.ID)
		}
	}
	w.append(self.ID, hear, []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: self.MAC, DstMAC: broadcast, EthernetType: layers.EthernetTypeARP}, &request,
	})
	reply := request
	reply.Operation = layers.ARPReply
	reply.SourceHwAddress, reply.SourceProtAddress = mac, request.DstProtAddress
	reply.DstHwAddress, reply.DstProtAddress = self.MAC, request.SourceProtAddress
	w.append(id, []int{self.ID}, []gopacket.SerializableLayer{
		&layers.Ethernet{SrcMAC: mac, DstMAC: self.MAC, EthernetType: layers.EthernetTypeARP}, &reply,
	})
}

// dns asks the name server for the peer's address.
func (w *wire) dns(self, peer Endpoint) {
	name := []byte(peer.Name + domain)
	query := layers.DNS{
		ID: uint16(w.engine.rng.Uint32()), RD: true,
		Questions: []layers.DNSQuestion{{Name: name, Type: layers.DNSTypeA, Class: layers.DNSClassIN}},
	}
	port := w.ephemeral()
	w.send(self, nameServer, layers.IPProtocolUDP, &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 53}, &query)
	answer := query
	answer.QR, answer.RA = true, true
	answer.Answers = []layers.DNSResourceRecord{{
		Name: name, Type: layers.DNSTypeA, Class: layers.DNSClassIN, TTL: 300, IP: peer.IP.AsSlice(),
	}}
	w.send(nameServer, self, layers.IPProtocolUDP, &layers.UDP{SrcPort: 53, DstPort: layers.UDPPort(port)}, &answer)
}

// pingData is what ping(8) sends by default, without its timestamp.
const pingData = 56

// ping exchanges three echoes with the peer.
func (w *wire) ping(self, peer Endpoint) {
	id := uint16(w.engine.rng.Uint32())
	data := make(gopacket.Payload, pingData)
	for i := range data {
		data[i] = byte(i)
	}
	for sequence := uint16(1); sequence <= 3; sequence++ {
		w.send(self, peer, layers.IPProtocolICMPv4, &layers.ICMPv4{
			TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoRequest, 0), Id: id, Seq: sequence,
		}, data)
		w.send(peer, self, layers.IPProtocolICMPv4, &layers.ICMPv4{
			TypeCode: layers.CreateICMPv4TypeCode(layers.ICMPv4TypeEchoReply, 0), Id: id, Seq: sequence,
		}, data)
	}
}

// ephemeral is a client's port in Linux's default range.
func (w *wire) ephemeral() uint16 { return uint16(32768 + w.engine.rng.IntN(28232)) }
