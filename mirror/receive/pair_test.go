package receive

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Many senders, one receiver, a reader of counters: nothing is lost unnamed.
func TestPairUnderLoad(t *testing.T) {
	const senders, each = 8, 500
	p := NewPair(PairOptions{Capacity: 64})
	ran := make(chan error, 1)
	delivered := uint64(0)
	go func() { ran <- p.Run(context.Background(), Each(func(*Datagram) { delivered++ })) }()
	var group sync.WaitGroup
	for s := range senders {
		group.Go(func() {
			src := netip.AddrFrom4([4]byte{127, 1, 0, byte(s + 1)})
			for range each {
				p.Inject(start, ipv4(src, v4b, 47, part{}, greOf(20)))
				_ = p.Counters()
			}
		})
	}
	group.Wait()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	c := p.Counters()
	checkSum(t, c)
	if c.Packets+c.KernelDrops != senders*each || c.Datagrams != delivered {
		t.Errorf("%d sent, %d delivered, %+v", senders*each, delivered, c)
	}
}

// A full queue drops and counts; it does not block.
func TestPairDropsWhenFull(t *testing.T) {
	p := NewPair(PairOptions{Capacity: 2})
	for i, want := range []bool{true, true, false} {
		if got := p.Inject(start, ipv4(v4a, v4b, 47, part{}, nil)); got != want {
			t.Errorf("packet %d: accepted %v", i+1, got)
		}
	}
	if p.Inject(start, make([]byte, maxPacket+1)) {
		t.Error("accepted a packet longer than IP allows")
	}
	_ = p.Close()
	if p.Inject(start, nil) {
		t.Error("accepted a packet after Close")
	}
	if c := p.Counters(); c.KernelDrops != 3 {
		t.Errorf("%+v", c)
	}
}

// The sender may reuse its buffer.
func TestPairCopies(t *testing.T) {
	p, b := NewPair(PairOptions{}), ipv4(v4a, v4b, 47, part{}, greOf(1))
	p.Inject(start, b)
	clear(b)
	_ = p.Close()
	var out []kept
	if err := p.Run(context.Background(), keep(&out)); err != nil || len(out) != 1 {
		t.Errorf("%v, %d datagrams", err, len(out))
	}
}

// Without another packet an incomplete datagram still times out, and is counted.
func TestFragmentsTimeOutInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		p := NewPair(PairOptions{})
		ran := make(chan error, 1)
		go func() { ran <- p.Run(ctx, Each(func(*Datagram) { t.Error("delivered") })) }()
		p.Inject(start, split4(greOf(100), 1, 40)[0])
		synctest.Wait()
		if c := p.Counters(); c.Pending != 1 || c.PendingBytes == 0 {
			t.Errorf("while waiting: %+v", c)
		}
		time.Sleep(6 * time.Second) // virtual: the default timeout is 5 s
		synctest.Wait()
		if c := p.Counters(); c.Refused.Of(RefusedFragmentTimeout) != 1 || c.Pending != 0 {
			t.Errorf("after the timeout: %+v", c)
		}
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func TestPairRunsOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := NewPair(PairOptions{})
	if err := errors.Join(p.Open(), p.Run(ctx, Each(nil))); err != nil {
		t.Fatal(err)
	}
	if err := p.Run(context.Background(), Each(nil)); !errors.Is(err, ErrRunOnce) {
		t.Errorf("second run: %v", err)
	}
	if p.Describe().Kind != KindMemory {
		t.Error("kind")
	}
}
