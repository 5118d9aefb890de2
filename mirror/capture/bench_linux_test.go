package capture

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// worked is the processor time of this thread in nanoseconds: what a busy machine does not falsify.
func worked(b *testing.B) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return t.Nano()
}

// BenchmarkOffer is what the packet path pays for a frame of 334 bytes when so many subscribe: readers that keep up on another
// processor as far as there is one, or that never read.
func BenchmarkOffer(b *testing.B) {
	for _, c := range []struct {
		n    int
		read bool
	}{{0, false}, {1, true}, {10, true}, {1, false}, {10, false}} {
		word := "reading"
		if !c.read {
			word = "not_reading"
		}
		b.Run(fmt.Sprintf("%d_%s", c.n, word), func(b *testing.B) { benchmarkOffer(b, c.n, c.read) })
	}
}

func benchmarkOffer(b *testing.B, n int, read bool) {
	broker := NewBroker()
	feed := broker.Feed(0)
	var readers sync.WaitGroup
	var subscriptions []*Subscription
	for range n {
		s := broker.Subscribe(Want{Sessions: []string{"s"}})
		subscriptions = append(subscriptions, s)
		if read {
			readers.Go(func() {
				for {
					if _, err := s.Next(context.Background()); err != nil {
						return
					}
				}
			})
		}
	}
	o := mirrored("s", ethernet(334, 1))
	b.ReportAllocs()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	i, began := 0, worked(b)
	for b.Loop() {
		if feed.Wanted() {
			feed.Offer(o)
		}
		if i++; i%64 == 0 {
			feed.Flush()
		}
	}
	b.ReportMetric(float64(worked(b)-began)/float64(i), "producer-cpu-ns/op")
	var lost, all uint64
	for _, s := range subscriptions {
		c := s.Counts()
		lost, all = lost+c.Lost, all+c.Lost+c.Frames
		s.Close()
	}
	readers.Wait()
	if n > 0 {
		b.ReportMetric(100*float64(lost)/float64(max(all, 1)), "%lost")
	}
}

// BenchmarkPutAndPoll is a frame on its way through one buffer, both ends on one processor.
func BenchmarkPutAndPoll(b *testing.B) {
	for _, size := range []int{64, 334, 1514, 9014} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			broker := NewBroker()
			feed := broker.Feed(0)
			s := broker.Subscribe(Want{Sessions: []string{"s"}})
			defer s.Close()
			o := mirrored("s", ethernet(size, 1))
			b.SetBytes(int64(size))
			i := 0
			for b.Loop() {
				feed.Offer(o)
				if i++; i%64 == 0 {
					feed.Flush()
					for s.Poll() != nil {
					}
				}
			}
		})
	}
}
