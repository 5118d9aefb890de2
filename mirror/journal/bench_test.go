package journal

import (
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// BenchmarkAppend shows what a sync costs, and what many who append at once pay for one.
func BenchmarkAppend(b *testing.B) {
	for _, at := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d at once", at), func(b *testing.B) {
			j, err := Open(b.TempDir(), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer j.Close()
			b.SetParallelism(at)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := j.Append(success("a")); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(j.Counts().Syncs)/float64(b.N), "syncs/op")
		})
	}
}

// BenchmarkOpen reads a journal that is full.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for seq := 0; j.Counts().Dropped == 0; {
		events := make([]mirror.Event, 5000)
		for i := range events {
			seq++
			events[i] = success(fmt.Sprint(seq % 1000))
			events[i].Failure = seq%10 == 0
		}
		if err := j.Append(events...); err != nil {
			b.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		j, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
