// Package stream turns what a subscription reads into a capture file that is read while it is written: what it begins with is there before
// the first frame, and each frame as soon as it has come.
package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/filter"
	"github.com/vspan-io/vspan/mirror/capture/recording"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Options say what is streamed.
type Options struct {
	// Frames are what it is made of; the caller closes it. With a filter it should be to whole frames, because the filter sees no more of
	// them than it has.
	Frames *capture.Subscription
	// Filter picks frames; nil picks all. One that does not say vlan looks past VLAN tags, as it would behind a network card that takes
	// them off: whether a portgroup has a VLAN must not decide what "tcp port 80" means.
	Filter *filter.Filter
	// After picks no frame that arrived before, in nanoseconds since 1970: of those only the beginning may have been copied.
	After int64
	// Direction picks those of one direction; Both picks all, also those whose direction is not known.
	Direction mirror.Direction
	// Packets is how many there may be; 0: no limit.
	Packets uint64
	// Sources have their interfaces before the first frame.
	Sources []Source
	// Recording says how it is written. Frames are cut at its SnapLength.
	Recording recording.Options
}

// Source is what a session mirrors.
type Source struct {
	UID, PortKey string
	Direction    mirror.Direction
}

// Counts is what became of the frames.
type Counts struct {
	Packets uint64 // written
	Bytes   uint64 // of those, as they were before they were cut
	Lost    uint64 // of the subscription, because they were not read in time, whether or not they would have been picked
	Missing uint64 // mirror packets that were lost on their way to the receiver; an estimate
}

// ErrEnough is returned when there are as many packets as were asked for.
var ErrEnough = errors.New("stream: there are as many packets as were asked for")

// enough is how many bytes Next returns without looking for more, unless one packet has more.
const enough = 64 << 10

// glance is how many frames are looked at, and perhaps not picked, between two looks at the clock and at the context.
const glance = 1024

// Stream is one capture as it is read. It belongs to one goroutine.
type Stream struct {
	o        Options
	file     *recording.Recording
	counts   Counts
	told     uint64 // lost frames that were told of in the file
	lost     uint64 // those to be told of with the next packet
	gap      uint32 // mirror packets that were missing before it
	ethernet []byte // what the filter is shown in place of the frame
}

// New returns a stream at its beginning.
func New(o Options) *Stream { return &Stream{o: o, file: recording.New(o.Recording)} }

// Begin appends to b what the file begins with: before any frame. now is when it begins.
func (s *Stream) Begin(b []byte, now time.Time) []byte {
	b = s.file.Begin(b, now)
	for _, source := range s.o.Sources {
		if source.Direction.HasFromVM() && s.o.Direction.HasFromVM() {
			b = s.file.Declare(b, source.UID, source.PortKey, mirror.FromVM)
		}
		if source.Direction.HasToVM() && s.o.Direction.HasToVM() {
			b = s.file.Declare(b, source.UID, source.PortKey, mirror.ToVM)
		}
	}
	return b
}

// Next appends to b the packets that are there; when there are none it waits for them, at most for the time given. It appends whole blocks
// in any case. The error is ErrEnough, capture.ErrEnded or that of ctx, and then there is nothing more but what End appends.
func (s *Stream) Next(ctx context.Context, within time.Duration, b []byte) ([]byte, error) {
	begin, end := len(b), time.Now().Add(within)
	for {
		for range glance {
			if s.o.Packets > 0 && s.counts.Packets >= s.o.Packets {
				return b, ErrEnough
			}
			f := s.o.Frames.Poll()
			if f == nil {
				break
			}
			if b = s.take(b, f); len(b)-begin >= enough {
				return b, nil
			}
		}
		left := time.Until(end)
		if err := ctx.Err(); err != nil || len(b) > begin || left <= 0 {
			return b, err
		}
		if err := s.o.Frames.Wait(ctx, left); err != nil {
			return b, err
		}
	}
}

// take appends a frame if it is picked. What was lost before one that is not picked was lost before the next one that is.
func (s *Stream) take(b []byte, f *capture.Frame) []byte {
	s.lost += f.Lost
	s.gap = uint32(min(uint64(s.gap)+uint64(f.Gap), math.MaxUint32))
	s.counts.Missing += uint64(f.Gap)
	if !s.picks(f) {
		return b
	}
	written := *f
	written.Lost, written.Gap = s.lost, s.gap
	if n := s.o.Recording.SnapLength; n > 0 {
		written.Data, written.Outer = f.Data[:min(n, len(f.Data))], f.Outer[:min(n, len(f.Outer))]
	}
	s.told += s.lost
	s.lost, s.gap = 0, 0
	s.counts.Packets++
	s.counts.Bytes += uint64(f.Length)
	return s.file.Append(b, &written)
}

func (s *Stream) picks(f *capture.Frame) bool {
	if f.Time < s.o.After || s.o.Direction != mirror.Both && f.Direction != s.o.Direction {
		return false
	}
	if s.o.Filter == nil {
		return true
	}
	if !f.Bare && (s.o.Filter.SaysVLAN() || !tagged(f.Data)) {
		return s.o.Filter.Match(f.Data, f.Length)
	}
	if f.Bare {
		s.ethernet = f.AppendEthernet(s.ethernet[:0])
	} else {
		s.ethernet = appendUntagged(s.ethernet[:0], f.Data)
	}
	return s.o.Filter.Match(s.ethernet, f.Length+len(s.ethernet)-len(f.Data))
}

// What stands before the type of an Ethernet frame, and the length of a tag, in bytes.
const (
	addressesLen = 12
	tagLen       = 4
)

// tagged reports whether a frame bears a VLAN tag that is there as a whole.
func tagged(b []byte) bool {
	if len(b) < addressesLen+tagLen+2 {
		return false
	}
	switch binary.BigEndian.Uint16(b[addressesLen:]) {
	case frame.EtherTypeVLAN, frame.EtherTypeQinQ, frame.EtherTypeQinQ2:
		return true
	default:
		return false
	}
}

// appendUntagged appends a frame without its tags to b.
func appendUntagged(b, of []byte) []byte {
	b = append(b, of[:addressesLen]...)
	for tagged(of) {
		of = of[tagLen:]
	}
	return append(b, of[addressesLen:]...)
}

// End appends to b what the file ends with. now is when it ends.
func (s *Stream) End(b []byte, now time.Time) []byte {
	return s.file.End(b, now, s.o.Frames.Counts().Lost-s.told)
}

// Counts says what became of the frames so far.
func (s *Stream) Counts() Counts {
	c := s.counts
	c.Lost = s.o.Frames.Counts().Lost
	return c
}
