package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// Stream names one sequence space: what an exporter sends a destination for one session, or altogether.
type Stream struct {
	UID                   string // of the session; "": all that the exporter sends, of ERSPAN both types
	Exporter, Destination netip.Addr
	Type                  erspan.Type
	ID                    uint16
	HardwareID            uint8
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

// Follow brings the numbers of a sequence space that is followed elsewhere from now on, as they are since that began: those of packets
// that still come here are not taken any more. now is Unix time in nanoseconds.
func (l *Ledger) Follow(s Stream, n sequence.Numbers, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := &l.streams.at(s.key(), now).value
	stream.Leave()
	stream.away, stream.elsewhere = true, n
}

// Return has a sequence space followed here again. What was brought of it stays counted.
func (l *Ledger) Return(s Stream, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stream := &l.streams.at(s.key(), now).value
	if !stream.away {
		return
	}
	stream.Join(stream.elsewhere)
	stream.aliens += stream.elsewhere.Aliens
	stream.away, stream.elsewhere = false, sequence.Numbers{}
}
