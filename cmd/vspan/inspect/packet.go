package inspect

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
)

// packet is one GRE packet of a capture, decoded as far as it goes.
type packet struct {
	number    uint64
	ends      gre.Ends
	src, dst  netip.Addr // the same; invalid when the outer header could not be read
	fragments int        // 0 when nothing could be put together
	truncated bool       // the capture has not all of it

	mirror erspan.Packet // zero unless it is a mirror
	frame  frame.Frame   // zero unless the mirrored frame could be read

	refused string // the stable name of why it cannot be a mirror packet; "" when it can
	why     string // the same in words
}

// decode makes p what a datagram says. It aliases the datagram's payload.
func (p *packet) decode(d *receive.Datagram) {
	*p = packet{number: d.Number, ends: d.Ends, src: d.Src(), dst: d.Dst(), fragments: d.Fragments, truncated: d.Truncated}
	m, err := erspan.Decapsulate(d.Payload)
	if err != nil {
		p.refuse(err)
		return
	}
	p.mirror = m
	read := frame.Parse
	if m.Header.IPOnly {
		read = frame.ParseBare
	}
	if p.frame, err = read(m.Frame); err != nil {
		p.refuse(err)
	}
}

func (p *packet) refuse(err error) { p.refused, p.why = refusalName(err), err.Error() }

// refusalName is the stable name of one of the refusals of gre, erspan or frame.
func refusalName(err error) string {
	if named, ok := errors.AsType[interface {
		error
		fmt.Stringer
	}](err); ok {
		return named.String()
	}
	return "unknown"
}

// undelivered is a packet that never became a datagram: its outer header could not be read, or its fragments do not make one.
func undelivered(number uint64, why receive.Refusal) packet {
	return packet{number: number, refused: why.String(), why: strings.ReplaceAll(why.String(), "_", " ")}
}

// vlan is the VLAN in which the mirrored frame travelled, whether its tag is still in the frame or only in the ERSPAN header.
func (p packet) vlan() (uint16, bool) {
	tag, tagged := p.frame.VLAN()
	return p.mirror.Header.VLANOf(p.mirror.Type, tag, tagged)
}
