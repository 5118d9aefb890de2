package flow

import (
	"sync"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// What a digest costs to read, and to count in batches, of 64 trackers with so many conversations together.
func BenchmarkDigest(b *testing.B) {
	for _, n := range []int{640, 10_000} {
		trackers, digests, spots := batched(n)
		lock := trackers[0].mu
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
			batch.Hold()
			defer batch.Release()
			b.ReportAllocs()
			defer cpuTime(b)()
			at := 0
			for b.Loop() {
				if at++; at == len(digests) {
					at = 0
				}
				d := &digests[at]
				d.Time += 1000
				d.seg.seq += 100
				d.seg.ack += 100
				batch.Add(trackers[at%len(trackers)], d, &spots[at])
			}
		})
	}
}

// batched are trackers that know n conversations, and a digest of each direction of them, with its spot.
func batched(n int) ([]*Tracker, []Digest, []Spot) {
	lock := new(sync.Mutex)
	trackers := make([]*Tracker, 64)
	for i := range trackers {
		trackers[i] = NewTracker(Config{Lock: lock})
	}
	batch := NewBatch(lock)
	digests, spots := make([]Digest, 2*n), make([]Spot, 2*n)
	from, to := newHot(mirror.FromVM), newHot(mirror.ToVM)
	for i, c := range order(n) {
		for k, h := range []*hot{from, to} {
			p := h.become(c)
			at := k*n + i
			d := &digests[at]
			d.Time = epoch.UnixNano()
			d.Read(p.Frame, len(p.Frame), false, 0)
			d.seg.length, d.seg.seq, d.seg.ack = 100, 1000, 1000
			spots[at] = trackers[at%64].Spot(Place{Host: p.Host, Source: p.Source, Direction: p.Direction}, d.Time)
			spots[at].Numbered = true
			batch.Hold()
			batch.Add(trackers[at%64], d, &spots[at])
			batch.Release()
		}
	}
	return trackers, digests, spots
}
