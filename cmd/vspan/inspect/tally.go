package inspect

import (
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
)

// tally counts packets while they are read.
type tally struct {
	encapsulations [erspan.TypeIII + 1]uint64 // by erspan.Type
	streams        *streams
	leftOut        uint64            // packets of streams beyond maxStreams
	refused        map[string]uint64 // by stable name
	reassembled    uint64
}

func newTally() *tally {
	return &tally{streams: newStreams(), refused: map[string]uint64{}}
}

// count counts a packet that was decoded.
func (t *tally) count(p *packet) {
	if p.fragments > 1 {
		t.reassembled++
	}
	if p.refused != "" {
		t.refused[p.refused]++
		return
	}
	t.mirrored(&p.ends, p.mirror.Type, p.mirror.Header.SessionID)
}

// datagram counts as count does, and decodes no more than counting needs: of a mirrored frame, whether it is refused. An Ethernet
// frame is not, once Skim or Decapsulate has seen to it that its header is there.
func (t *tally) datagram(d *receive.Datagram) {
	if d.Fragments > 1 {
		t.reassembled++
	}
	if s := erspan.Skim(d.Payload); s.Frame > 0 {
		t.mirrored(&d.Ends, s.Tag.Type(), s.Tag.SessionID())
		return
	}
	m, err := erspan.Decapsulate(d.Payload)
	if err == nil && m.Header.IPOnly {
		_, err = frame.ParseBare(m.Frame)
	}
	if err != nil {
		t.refused[refusalName(err)]++
		return
	}
	t.mirrored(&d.Ends, m.Type, m.Header.SessionID)
}

// counting counts what a source delivers, and tells of none of it.
type counting struct{ *tally }

func (c counting) Begin() {}
func (c counting) End()   {}

func (c counting) Take(list []receive.Datagram) {
	for i := range list {
		c.datagram(&list[i])
	}
}

// undelivered counts a packet that never became a datagram.
func (t *tally) undelivered(why receive.Refusal) { t.refused[why.String()]++ }

// mirrored counts a packet that carries a mirrored frame.
func (t *tally) mirrored(ends *gre.Ends, encapsulation erspan.Type, id uint16) {
	t.encapsulations[encapsulation]++
	if !t.streams.add(ends, encapsulation, id) {
		t.leftOut++
	}
}
