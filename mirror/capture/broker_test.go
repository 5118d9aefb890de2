package capture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNobodySubscribes(t *testing.T) {
	b := NewBroker()
	f := b.Feed(0)
	if f.Wanted() || b.Wanted() {
		t.Error("something is wanted")
	}
	f.Offer(mirrored("s", ethernet(100, 1)))
	f.Flush()
	s := b.Subscribe(Want{Lasting: true})
	defer s.Close()
	if f.Wanted() {
		t.Error("who asks for nothing makes frames wanted")
	}
	if got := s.Poll(); got != nil {
		t.Errorf("what was offered before: %+v", got)
	}
}

func TestDemand(t *testing.T) {
	b := NewBroker()
	demand := func(want Demand, changed <-chan struct{}) <-chan struct{} {
		t.Helper()
		if changed != nil {
			select {
			case <-changed:
			default:
				t.Error("no change was told")
			}
		}
		got, next := b.Demand()
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got)\n%s", d)
		}
		if got.IsZero() == b.Wanted() {
			t.Errorf("wanted: %v", b.Wanted())
		}
		return next
	}
	changed := demand(Demand{}, nil)
	first := b.Subscribe(Want{Sessions: []string{"b", "a", "b"}, SnapLength: 100})
	changed = demand(Demand{Sessions: []string{"a", "b"}, SnapLength: 100}, changed)
	second := b.Subscribe(Want{Sessions: []string{"a"}, SnapLength: 200})
	changed = demand(Demand{Sessions: []string{"a", "b"}, SnapLength: 200}, changed)
	second.Select(false, []string{"c"})
	changed = demand(Demand{Sessions: []string{"a", "b", "c"}, SnapLength: 200}, changed)
	second.Select(false, []string{"c"})
	select {
	case <-changed:
		t.Error("a change was told that is none")
	default:
	}
	third := b.Subscribe(Want{All: true})
	changed = demand(Demand{All: true}, changed)
	third.Close()
	third.Close()
	first.Close()
	changed = demand(Demand{Sessions: []string{"c"}, SnapLength: 200}, changed)
	second.Close()
	demand(Demand{}, changed)
}

func TestRetire(t *testing.T) {
	b := NewBroker()
	feed := b.Feed(0)
	ends := b.Subscribe(Want{Sessions: []string{"s"}})
	var stay []*Subscription
	for _, w := range []Want{{Sessions: []string{"s", "t"}}, {All: true}, {Sessions: []string{"s"}, Lasting: true}, {Sessions: []string{"t"}}} {
		stay = append(stay, b.Subscribe(w))
	}
	feed.Offer(mirrored("s", ethernet(100, 1)))
	feed.Flush()
	b.Retire("s")
	feed.Offer(mirrored("s", ethernet(100, 2)))
	feed.Flush()
	if f, err := ends.Next(t.Context()); err != nil || numberOf(f.Data) != 1 {
		t.Errorf("what was there before the end: %v", err)
	}
	if _, err := ends.Next(t.Context()); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
	for i, s := range stay {
		if err := s.Wait(t.Context(), 0); err != nil {
			t.Errorf("subscription %d: %v", i, err)
		}
		s.Close()
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	b := NewBroker()
	s := b.Subscribe(Want{All: true})
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Millisecond, cancel)
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	feed := b.Feed(0)
	feed.Offer(mirrored("s", ethernet(100, 1)))
	feed.Flush()
	if _, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with a frame there: %v", err)
	}
}

// A slow reader loses frames, is told how many and where, and reads the others as they were.
func TestSlowReader(t *testing.T) {
	for _, buffer := range []Buffer{{Bytes: minBytes, Frames: 1 << 16}, {Bytes: 1 << 22, Frames: 16}} {
		b := NewBroker()
		s := b.Subscribe(Want{Sessions: []string{"s"}, Buffer: buffer})
		feed := b.Feed(0)
		random := rand.New(rand.NewPCG(1, uint64(buffer.Frames)))
		var offered, read, told uint64
		next := uint32(0)
		look := func() {
			f := s.Poll()
			if f == nil {
				return
			}
			read++
			told += f.Lost
			next += uint32(f.Lost)
			if n := numberOf(f.Data); n != next {
				t.Fatalf("frame %d where %d was due, %d lost before it", n, next, f.Lost)
			}
			if !bytes.Equal(f.Data, ethernet(len(f.Data), next)) {
				t.Fatalf("frame %d is not what was offered", next)
			}
			next++
		}
		for range 3000 {
			for range random.IntN(20) {
				feed.Offer(mirrored("s", ethernet(60+random.IntN(9000), uint32(offered))))
				offered++
			}
			feed.Flush()
			for range random.IntN(18) {
				look()
			}
		}
		feed.Offer(mirrored("s", ethernet(60, uint32(offered)))) // may be lost too
		offered++
		feed.Flush()
		for range offered {
			look()
		}
		if c := s.Counts(); c.Lost == 0 || c.Frames != read || c.Frames+c.Lost != offered || told > c.Lost {
			t.Errorf("%+v: offered %d, read %d, told of %d lost: %+v", buffer, offered, read, told, c)
		}
		s.Close()
	}
}

// A reader that keeps up uses a small part of a large buffer.
func TestBufferIsUsedFromItsBeginning(t *testing.T) {
	b := NewBroker()
	s := b.Subscribe(Want{All: true, Buffer: Buffer{Bytes: 64 << 20, Frames: 1 << 10}})
	defer s.Close()
	feed := b.Feed(0)
	ring := (*s.lanes.Load())[0].bytes
	for i := range uint32(3000) {
		feed.Offer(mirrored("s", ethernet(1000, i)))
		feed.Flush()
		if f := s.Poll(); f == nil || numberOf(f.Data) != i {
			t.Fatalf("frame %d: %+v", i, f)
		}
		if s.Poll() != nil {
			t.Fatal("a frame too many")
		}
	}
	for _, x := range ring[rewind+1000:] {
		if x != 0 {
			t.Fatal("it went on to the end of the buffer")
		}
	}
}

// Several workers and several readers, of which some sleep: for the race detector, and nothing is lost that is not counted.
func TestManyAtATime(t *testing.T) {
	const workers, rounds = 3, 400
	b := NewBroker()
	var readers sync.WaitGroup
	var subscriptions []*Subscription
	reads := make([]uint64, 4)
	for i := range reads {
		w := Want{All: i%2 == 0, Sessions: []string{"s1"}, Lasting: true, Buffer: Buffer{Bytes: minBytes, Frames: 256}}
		s := b.Subscribe(w)
		subscriptions = append(subscriptions, s)
		readers.Go(func() {
			last := make(map[string]uint32)
			for {
				f, err := s.Next(context.Background())
				if err != nil {
					return
				}
				reads[i]++
				n := numberOf(f.Data)
				if before, seen := last[f.UID]; seen && n <= before {
					t.Errorf("frame %d of %s after %d", n, f.UID, before)
				}
				last[f.UID] = n
				if i == 3 {
					time.Sleep(10 * time.Microsecond) // a reader that is slow is what is tested
				}
			}
		})
	}
	var producing sync.WaitGroup
	for w := range workers {
		producing.Go(func() {
			feed := b.Feed(w) // the first ones are there before the last ones
			for i := range uint32(rounds) {
				for k := range uint32(10) {
					feed.Offer(mirrored(fmt.Sprint("s", w), ethernet(60+int(i), i*10+k+1)))
				}
				feed.Flush()
			}
		})
	}
	churned := make(chan struct{})
	go func() {
		defer close(churned)
		for range 50 {
			s := b.Subscribe(Want{All: true})
			s.Poll()
			s.Counts()
			s.Close()
		}
	}()
	producing.Wait()
	<-churned
	for _, s := range subscriptions {
		s.Close()
	}
	readers.Wait()
	for i, s := range subscriptions {
		offered := uint64(rounds * 10)
		if i%2 == 0 {
			offered *= workers
		}
		if c := s.Counts(); c.Frames+c.Lost != offered || c.Frames != reads[i] {
			t.Errorf("subscription %d: %+v of %d, read %d", i, c, offered, reads[i])
		}
	}
}

func TestOfferAllocatesNothing(t *testing.T) {
	b := NewBroker()
	feed := b.Feed(0)
	o, other := mirrored("s", ethernet(1000, 1)), mirrored("t", ethernet(1000, 1))
	round := func() {
		for range 100 {
			feed.Offer(o)
			feed.Offer(other)
		}
		feed.Flush()
	}
	measure := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations in a round", what, n)
		}
	}
	measure("nobody", round)
	fast, slow := b.Subscribe(Want{All: true, Outer: true}), b.Subscribe(Want{Sessions: []string{"s"}})
	defer fast.Close()
	defer slow.Close()
	round()
	measure("two subscriptions, one of which reads", func() {
		round()
		for fast.Poll() != nil {
		}
	})
	if fast.Counts().Lost > 0 || slow.Counts().Lost == 0 {
		t.Errorf("fast %+v, slow %+v", fast.Counts(), slow.Counts())
	}
	measure("waiting", func() {
		round()
		for {
			if fast.Poll() == nil {
				if err := fast.Wait(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	})
}
