package capture

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

var (
	esx   = netip.MustParseAddr("10.0.0.11")
	here  = netip.MustParseAddr("10.2.1.110")
	alice = frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	bob   = frame.MAC{0, 0x50, 0x56, 0, 0, 2}
	start = time.Date(2026, 3, 1, 12, 0, 0, 7, time.UTC)
)

// ethernet is a frame from alice to bob of n bytes, of UDP in IPv4, that bears a number.
func ethernet(n int, number uint32, tags ...frame.Tag) []byte {
	e := frame.Ethernet{Dst: bob, Src: alice, NumTags: len(tags), EtherType: frame.EtherTypeIPv4}
	copy(e.Tags[:], tags)
	payload := make([]byte, n-e.HeaderLen()-20)
	binary.BigEndian.PutUint32(payload[8:], number)
	for i := 12; i < len(payload); i++ {
		payload[i] = byte(number) + byte(i)
	}
	ip := frame.IP{
		Version: 4, Src: netip.MustParseAddr("10.1.0.1"), Dst: netip.MustParseAddr("10.1.0.2"), Protocol: frame.ProtocolUDP, TTL: 64,
		HeaderLen: 20, TotalLen: 20 + len(payload),
	}
	return append(ip.AppendHeader(e.AppendHeader(nil)), payload...)
}

// numberOf is the number that a frame without a tag bears.
func numberOf(b []byte) uint32 { return binary.BigEndian.Uint32(b[14+20+8:]) }

// mirrored is a frame of session uid as the packet path has it.
func mirrored(uid string, inner []byte) *Original {
	return carried(uid, erspan.TypeII, erspan.Header{SessionID: 5}, inner)
}

func carried(uid string, kind erspan.Type, h erspan.Header, inner []byte) *Original {
	payload := erspan.Packet{GRE: gre.Header{HasSequence: kind.HasSession(), Sequence: 9}, Type: kind, Header: h, Frame: inner}.Append(nil)
	return &Original{
		Time: start, Source: esx, Destination: here, Payload: payload, WireLen: 20 + len(payload),
		UID: uid, PortKey: "112", Host: "esx-01", Direction: mirror.FromVM,
	}
}
