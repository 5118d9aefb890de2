package flow

import (
	"sync"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// What a digest costs to read, and to count in batches, of 64 trackers with so many conversations together.
func BenchmarkDigest(b *testing.B) {
	for _, n := range []int{640, 10_000} {
		list := batched(n)
		lock := list[0].Seat.Tracker.mu
		name := map[int]string{640: "640", 10_000: "10000"}[n]
		b.Run("read "+name, func(b *testing.B) {
			h := newHot(mirror.FromVM)
			var d Digest
			defer cpuTime(b)()
			for b.Loop() {
				d.Read(h.packet.Frame, len(h.packet.Frame), false, 0)
			}
		})
		b.Run("count "+name, func(b *testing.B) {
			batch := NewBatch(lock)
			b.ReportAllocs()
			defer cpuTime(b)()
			at := 0
			for n := 0; b.Loop(); n++ {
				d := &list[at+n%together].Digest
				d.Time += 1000
				d.seg.seq += 100
				d.seg.ack += 100
				if n%together == together-1 {
					batch.Count(list[at : at+together])
					if at += together; at+together > len(list) {
						at = 0
					}
				}
			}
		})
	}
}

// batched are digests of each direction of n conversations, of 64 trackers that know them all.
func batched(n int) []Seated {
	lock := new(sync.Mutex)
	trackers := make([]*Tracker, 64)
	for i := range trackers {
		trackers[i] = NewTracker(Config{Lock: lock})
	}
	list := make([]Seated, 2*n)
	from, to := newHot(mirror.FromVM), newHot(mirror.ToVM)
	for i, c := range order(n) {
		for k, h := range []*hot{from, to} {
			p := h.become(c)
			at := k*n + i
			t, s := trackers[at%64], &list[at]
			s.Seat = &Seat{Tracker: t, Spot: t.Spot(Place{Host: p.Host, Source: p.Source, Direction: p.Direction}, epoch.UnixNano())}
			s.Seat.Spot.Numbered = true
			s.Time = epoch.UnixNano()
			s.Read(p.Frame, len(p.Frame), false, 0)
			s.seg.length, s.seg.seq, s.seg.ack = 100, 1000, 1000
		}
	}
	NewBatch(lock).Count(list)
	return list
}
