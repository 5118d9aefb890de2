package rival

import (
	"fmt"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Parser decodes into layers that it has, with gopacket's DecodingLayerParser, which allocates nothing.
type Parser struct {
	Ledger *Ledger

	parser   *gopacket.DecodingLayerParser
	decoded  []gopacket.LayerType
	ip       layers.IPv4 // the outer header, then the inner one
	gre      layers.GRE
	erspan   layers.ERSPANII
	ethernet layers.Ethernet
	tcp      layers.TCP
	udp      layers.UDP
}

// NewParser returns a Parser with an empty ledger.
func NewParser() *Parser { return newParser(gopacket.DecodingLayerArray(nil)) }

// newParser lets the container of layers be chosen: they differ in speed.
func newParser(container gopacket.DecodingLayerContainer) *Parser {
	p := &Parser{Ledger: NewLedger()}
	for _, layer := range []gopacket.DecodingLayer{&p.ip, &p.gre, &p.erspan, &p.ethernet, &p.tcp, &p.udp} {
		container = container.Put(layer)
	}
	p.parser = gopacket.NewDecodingLayerParser(layers.LayerTypeIPv4)
	p.parser.SetDecodingLayerContainer(container)
	p.parser.IgnoreUnsupported = true // what TCP and UDP carry
	return p
}

// wanted are the layers of a mirrored TCP or UDP packet: the outer IPv4 header, GRE, ERSPAN, Ethernet, IPv4, and TCP or UDP.
const wanted = 6

// Take decodes and counts one outer IP packet.
func (p *Parser) Take(packet []byte) error {
	if err := p.parser.DecodeLayers(packet, &p.decoded); err != nil {
		return err
	}
	if len(p.decoded) != wanted {
		return fmt.Errorf("gopacket found %v", p.decoded)
	}
	// The outer addresses are gone from p.ip by now: the inner header was decoded into it.
	p.Ledger.count(key{[4]byte(packet[12:16]), p.erspan.SessionID}, p.gre.Seq, len(packet))
	return nil
}
