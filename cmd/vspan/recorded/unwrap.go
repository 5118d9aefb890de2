package recorded

import (
	"context"
	"io"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/receive"
)

// plausible reports whether what GRE carried is a frame: GRE tunnels carry other things too.
func plausible(p erspan.Packet) bool {
	f, err := parse(p.Frame, p.Header.IPOnly)
	return err == nil && (f.HasIP || f.HasARP || f.EtherType >= 0x0600 || f.IsLLC())
}

func parse(b []byte, bare bool) (frame.Frame, error) {
	if bare {
		return frame.ParseBare(b)
	}
	return frame.Parse(b)
}

// unwrap takes the frames out of a capture of mirror packets.
func (f File) unwrap(ctx context.Context, in io.Reader, take func(*flow.Packet)) error {
	u := unwrapper{take: take, numbers: map[source]numbers{}}
	return receive.NewFile(receive.FileOptions{Path: f.Path, Reader: in}).Run(ctx, receive.Each(u.datagram))
}

// unwrapper follows the sequence numbers of each mirror, as far as that tells what the mirror lost.
type unwrapper struct {
	take    func(*flow.Packet)
	numbers map[source]numbers
}

// source is a mirror: two exporters may use one session id.
type source struct {
	src, dst netip.Addr
	kind     erspan.Type
	id       uint16
}

type numbers struct {
	last   uint32
	varies bool // a sequence that stands still is none
}

// Bounds of sequence numbers: how many mirrors are told apart, and the largest step that is a loss.
const (
	maxSources = 4096
	maxStep    = 1 << 16
)

func (u *unwrapper) datagram(d *receive.Datagram) {
	p, err := erspan.Decapsulate(d.Payload)
	if err != nil {
		return
	}
	parsed, err := parse(p.Frame, p.Header.IPOnly)
	if err != nil {
		return
	}
	w := flow.Packet{Time: d.Time(), Frame: p.Frame, Parsed: &parsed, Exporter: d.Src()}
	tag, tagged := parsed.VLAN()
	if vlan, ok := p.Header.VLANOf(p.Type, tag, tagged); ok {
		w.VLAN = vlan
	}
	if p.GRE.HasSequence {
		w.Gap, w.Numbered = u.follow(source{d.Src(), d.Dst(), p.Type, p.Header.SessionID}, p.GRE.Sequence)
	}
	u.take(&w)
}

// follow is how many packets of a mirror are missing before the one with this number, and whether its numbers can be used.
func (u *unwrapper) follow(s source, number uint32) (gap uint64, usable bool) {
	n, known := u.numbers[s]
	if !known && len(u.numbers) == maxSources {
		return 0, false
	}
	step := number - n.last
	switch {
	case !known:
		n.last = number
	case step == 0:
	case step < maxStep:
		gap = uint64(step - 1)
		n.last, n.varies = number, true
	case -step >= maxStep: // it began anew elsewhere
		n.last, n.varies = number, true
	}
	u.numbers[s] = n
	return gap, n.varies
}
