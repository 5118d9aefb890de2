package oracle_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// outerFragment is the row of a fragment: what it carries is for whoever
// reassembles.
const outerFragment = "outer fragment"

// vspan is what this module says of every packet of a file.
func vspan(t *testing.T, file string) []row {
	t.Helper()
	var rows []row
	for _, b := range datagrams(t, file) {
		rows = append(rows, vspanRow(b))
	}
	return rows
}

// datagrams are the IP packets of a file, one for each packet, nil for what is
// none.
func datagrams(t *testing.T, file string) [][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packets, err := pcapgo.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var all [][]byte
	for {
		b, _, err := packets.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Logf("%s ends early, after %d packets: %v", file, len(all), err)
			return all
		}
		all = append(all, network(t, packets.LinkType(), b))
	}
}

// network is the IP packet within a packet of the given link type, nil if it is none.
func network(t *testing.T, link layers.LinkType, b []byte) []byte {
	t.Helper()
	offset := 0 // of the EtherType; what it announces follows it
	switch link {
	case layers.LinkTypeRaw:
		return b
	case layers.LinkTypeEthernet:
		e, err := frame.Parse(b)
		offset = e.HeaderLen() - 2
		if err != nil {
			return nil
		}
	case layers.LinkTypeLinuxSLL:
		offset = 14
	default:
		t.Fatalf("link type %v is not known to this test", link)
	}
	if len(b) < offset+2 {
		return nil
	}
	if kind := binary.BigEndian.Uint16(b[offset:]); kind != frame.EtherTypeIPv4 && kind != frame.EtherTypeIPv6 {
		return nil
	}
	return b[offset+2:]
}

func vspanRow(b []byte) row {
	ip, payload, err := frame.ParseIP(b)
	if err != nil || ip.Protocol != frame.ProtocolGRE {
		return row{"mirror": "no"}
	}
	if ip.IsFragment() {
		return row{"mirror": outerFragment}
	}
	p, err := erspan.Decapsulate(payload)
	if err != nil {
		return row{"mirror": "no"}
	}
	r := row{"mirror": "yes", "outer.src": ip.Src.String(), "outer.dst": ip.Dst.String()}
	addGRE(r, p)
	addERSPAN(r, p)
	addInner(r, p)
	return r
}

func addGRE(r row, p erspan.Packet) {
	r.number("gre.proto", p.GRE.Protocol)
	if p.GRE.HasKey {
		r.number("gre.key", p.GRE.Key)
	}
	if p.GRE.HasSequence {
		r.number("gre.sequence_number", p.GRE.Sequence)
	}
}

func addERSPAN(r row, p erspan.Packet) {
	h := p.Header
	if !p.Type.HasSession() {
		return
	}
	r.number("erspan.version", p.Type-erspan.TypeI)
	r.number("erspan.vlan", h.VLAN)
	r.number("erspan.cos", h.COS)
	r.number("erspan.truncated", flag(h.Truncated))
	r.number("erspan.spanid", h.SessionID)
	if p.Type == erspan.TypeII {
		r.number("erspan.encap", h.Encap)
		r.number("erspan.index", h.Index)
		return
	}
	r.number("erspan.bso", h.Integrity)
	r.number("erspan.timestamp", h.Timestamp)
	r.number("erspan.sgt", h.SGT)
	r.number("erspan.p", flag(h.FromEthernet))
	r.number("erspan.ft", h.FrameType)
	r.number("erspan.hw", h.HardwareID)
	r.number("erspan.direction", h.Direction)
	r.number("erspan.gra", h.Granularity)
	r.number("erspan.o", flag(h.HasPlatform != h.WrongOBit))
	if h.HasPlatform {
		addPlatform(r, h.Platform)
	}
}

func addPlatform(r row, p erspan.Platform) {
	r.number("erspan.platid", p.ID)
	index, _ := p.Index()
	upper, _ := p.UpperTimestamp()
	switch p.ID {
	case 1:
		domain, _ := p.Domain()
		r.number("erspan.pid1.vsmid", domain)
		r.number("erspan.pid1.port_index", index)
	case 3:
		r.number("erspan.pid3.port_index", index)
		r.number("erspan.pid3.timestamp", upper)
	case 5, 6:
		sw, _ := p.Switch()
		port, _ := p.Port()
		seconds, _ := p.Seconds()
		r.number("erspan.pid5.switchid", sw)
		r.number("erspan.pid5.port_index", port)
		r.number("erspan.pid5.timestamp", seconds)
	case 0, 7:
		r.number("erspan.pid7.source_index", index)
		r.number("erspan.pid7.timestamp", upper)
	}
}

func addInner(r row, p erspan.Packet) {
	parse := frame.Parse
	if p.Header.IPOnly {
		parse = frame.ParseBare
	}
	f, err := parse(p.Frame)
	if err != nil {
		r["inner"] = err.Error()
		return
	}
	if !f.Bare {
		r["inner.srcMAC"], r["inner.dstMAC"] = f.Src.String(), f.Dst.String()
	}
	var tags []string
	for _, tag := range f.Tags[:f.NumTags] {
		tags = append(tags, strconv.Itoa(int(tag.ID)))
	}
	if len(tags) > 0 {
		r["inner.vlans"] = strings.Join(tags, ",")
	}
	if f.HasARP {
		r["arp.src"], r["arp.dst"] = f.ARP.Sender.String(), f.ARP.Target.String()
	}
	if f.HasIP {
		r["inner.src"], r["inner.dst"] = f.IP.Src.String(), f.IP.Dst.String()
		r.number("inner.length", f.IP.TotalLen)
	}
	if f.HasPorts {
		r.number("inner.srcPort", f.SrcPort)
		r.number("inner.dstPort", f.DstPort)
	}
}

// number sets a field to a number, without the words that its type may have for it.
func (r row) number(name string, n any) { r[name] = fmt.Sprintf("%d", n) }

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}
