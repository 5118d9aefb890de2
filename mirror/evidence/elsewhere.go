package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// Stream names one sequence space: what an exporter sends a destination for one session, or altogether.
type Stream struct {
	UID                   string // of the session; "": all that the exporter sends, of ERSPAN both types
	Exporter, Destination netip.Addr
	Type                  erspan.Type
	ID                    uint16
	HardwareID            uint8
}

// Numbers is the accounting of one sequence space that was followed elsewhere, since that began. See the fields of evidence.
type Numbers struct {
	Packets, Lost, Reordered, Duplicated, Resets, Strays uint64
	Aliens                                               uint64 // of a session: whose number did not fit in with the whole
	Usable                                               bool
}

func (s Stream) key() streamKey {
	k := streamKey{
		session: s.UID, exporter: plain(s.Exporter), destination: plain(s.Destination),
		kind: s.Type, id: s.ID, hardwareID: s.HardwareID,
	}
	if s.UID == "" {
		return k.wholeKey()
	}
	return k
}

// Follow brings the numbers of a sequence space that is followed elsewhere from now on: those of packets that still come here are not
// taken any more. now is Unix time in nanoseconds.
func (l *Ledger) Follow(s Stream, n Numbers, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := &l.streams.at(s.key(), now).value
	stream.away, stream.astray, stream.elsewhere = true, true, n
}

// Return has a sequence space followed here again. What was brought of it stays counted.
func (l *Ledger) Return(s Stream, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := &l.streams.at(s.key(), now).value
	if !stream.away {
		return
	}
	n := stream.elsewhere
	before := stream.sequence
	stream.sequence = sequence{
		Packets: before.Packets + n.Packets, Lost: before.Lost + n.Lost, Reordered: before.Reordered + n.Reordered,
		Duplicated: before.Duplicated + n.Duplicated, Resets: before.Resets + n.Resets, Strays: before.Strays + n.Strays,
		varying: before.varying || n.Usable,
	}
	stream.aliens += n.Aliens
	stream.away, stream.elsewhere = false, Numbers{}
}
