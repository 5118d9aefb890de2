package rival

import (
	"fmt"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Packets decodes with gopacket.NewPacket, without a copy and not lazily: the way most programs use gopacket.
type Packets struct{ Ledger *Ledger }

// NewPackets returns a Packets with an empty ledger.
func NewPackets() *Packets { return &Packets{NewLedger()} }

// Take decodes and counts one outer IP packet.
func (p *Packets) Take(packet []byte) error {
	decoded := gopacket.NewPacket(packet, layers.LayerTypeIPv4, gopacket.DecodeOptions{NoCopy: true})
	gre, isGRE := decoded.Layer(layers.LayerTypeGRE).(*layers.GRE)
	erspan, isERSPAN := decoded.Layer(layers.LayerTypeERSPANII).(*layers.ERSPANII)
	if !isGRE || !isERSPAN || decoded.TransportLayer() == nil {
		return fmt.Errorf("gopacket found %v", decoded)
	}
	p.Ledger.count(key{[4]byte(packet[12:16]), erspan.SessionID}, gre.Seq, len(packet))
	return nil
}
