package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// mass is what packets that are alike weigh together.
type mass struct {
	mirror.Volume        // frames and their inner bytes
	truncated     uint64 // cut by the sender
	early         uint64 // of those, shorter than was asked for
	missing       uint64 // bytes that were cut off of them
	fragments     uint64 // outer ones, of packets that were fragmented
	largest       uint32 // bytes of the largest frame; 0 where it is not known
	first, last   time.Time
}

// massOf weighs one packet.
func massOf(s *sighting, a *Arrival) mass {
	m := mass{Volume: mirror.Volume{Packets: 1, Bytes: uint64(s.frame.Length)}, largest: uint32(s.frame.Length), first: a.Time(), last: a.Time()}
	if a.Fragments > 1 {
		m.fragments = uint64(a.Fragments)
	}
	s.there = len(s.packet.Frame) + missing(a)
	if (s.packet.Header.Truncated || s.frame.Length > s.there) && tells(a) {
		m.truncated, m.missing = 1, uint64(max(s.frame.Length-s.there, 0))
	}
	return m
}

// snapTolerance is by how many bytes a frame may be shorter than the snap length without having been cut too early: whether
// mirroredPacketLength counts the headers that are put in front is not documented.
const snapTolerance = 64

// tooShort reports whether a frame that was cut to so many bytes was cut earlier than was asked for.
func tooShort(frame, snapLength int) bool { return snapLength == 0 || frame+snapTolerance < snapLength }
