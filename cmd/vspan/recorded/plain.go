package recorded

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/receive/savefile"
)

// plain takes the frames of a capture as they are.
func (f File) plain(ctx context.Context, in io.Reader, take func(*flow.Packet)) error {
	packets, err := savefile.NewReader(in)
	if err != nil {
		return fmt.Errorf("read the capture file %q: %w", f.Path, err)
	}
	for ctx.Err() == nil {
		p, err := packets.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the capture file %q: %w", f.Path, err)
		}
		b, bare, ok := network(p)
		if !ok {
			continue
		}
		parsed, err := parse(b, bare)
		if err != nil {
			continue
		}
		take(&flow.Packet{Time: p.Time, Frame: b, Parsed: &parsed, WireLen: max(p.Length, len(p.Data))})
	}
	return context.Cause(ctx)
}

// network is the Ethernet frame or, bare, the IP packet that a packet of a capture carries.
func network(p *savefile.Packet) (b []byte, bare, ok bool) {
	skip := 0
	switch p.Link {
	case savefile.LinkEthernet:
		return p.Data, false, true
	case savefile.LinkRaw, savefile.LinkRawBSD, savefile.LinkRawOpenBSD, savefile.LinkIPv4, savefile.LinkIPv6:
	case savefile.LinkNull, savefile.LinkLoop:
		skip = 4
	case savefile.LinkLinuxSLL:
		skip = 16
	case savefile.LinkLinuxSLL2:
		skip = 20
	default:
		return nil, false, false
	}
	if len(p.Data) < skip {
		return nil, false, false
	}
	if p.Link == savefile.LinkLinuxSLL && !isIP(binary.BigEndian.Uint16(p.Data[14:])) || p.Link == savefile.LinkLinuxSLL2 && !isIP(binary.BigEndian.Uint16(p.Data)) {
		return nil, false, false
	}
	return p.Data[skip:], true, true
}

func isIP(etherType uint16) bool { return etherType == 0x0800 || etherType == 0x86DD }
