package receive

import (
	"bytes"
	"context"
	"encoding/binary"
	"testing"
	"time"
)

// The snap length changes under traffic: every packet comes, in order, whole or cut
// where one of the two lengths cuts, and says how long it was.
func TestSnapLengthChangesUnderTraffic(t *testing.T) {
	const short, packets, size = 100, 4000, 600
	ns := newNamespace(t)
	source := NewLive(LiveOptions{Interface: "lo", Workers: 2, Blocks: 16})
	openIn(t, ns, source)
	s := newSender(t, ns)
	c := runCrew(t, ns, source, packets, func() {
		for n := range packets {
			if n%50 == 0 {
				if err := source.SetSnapLen(short * (n / 50 % 2)); err != nil {
					t.Error(err)
				}
				if want := short * (n / 50 % 2); source.Describe().SnapLen != want {
					t.Errorf("it says %+v, want %d", source.Describe(), want)
				}
			}
			payload := binary.BigEndian.AppendUint32(append([]byte(nil), greHeader...), uint32(n))
			s.send(ipv4(v4a, v4b, 47, part{}, append(payload, bytes.Repeat([]byte{byte(n)}, size-8)...)))
		}
	})
	cut := 0
	for n, k := range c.got {
		if int(binary.BigEndian.Uint32(k.Payload[4:])) != n || k.PayloadLen != size || k.WireLen != 20+size {
			t.Fatalf("datagram %d: %+v", n, k)
		}
		if k.Truncated {
			cut++
		}
		if want := map[bool]int{false: size, true: short - 20}[k.Truncated]; len(k.Payload) != want {
			t.Fatalf("datagram %d: %d bytes, want %d", n, len(k.Payload), want)
		}
		if rest := k.Payload[8:]; !bytes.Equal(rest, bytes.Repeat([]byte{byte(n)}, len(rest))) {
			t.Fatalf("datagram %d is torn", n)
		}
	}
	// The filter is mostly applied as a packet is sent, so that half of them are cut. Where the kernel has left some for later, it is what is
	// said by then.
	if len(c.got) != packets || cut < packets/4 || cut > packets*3/4 {
		t.Errorf("%d of %d datagrams, %d cut: %+v", len(c.got), packets, cut, source.Counters())
	}
}

// Before Open it is remembered.
func TestSnapLengthBeforeOpen(t *testing.T) {
	ns := newNamespace(t)
	for name, source := range map[string]interface {
		Source
		SetSnapLen(int) error
	}{"ring": NewRing(LiveOptions{Blocks: 2}), "live": NewLive(LiveOptions{Blocks: 2})} {
		if err := source.SetSnapLen(123); err != nil {
			t.Error(err)
		}
		openIn(t, ns, source)
		if got := source.Describe().SnapLen; got != 123 {
			t.Errorf("%s: %d", name, got)
		}
		if err := source.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The first packet on a quiet line is seen soon, also after others were.
func TestFirstPacketOfAQuietLine(t *testing.T) {
	ns := newNamespace(t)
	source := NewLive(LiveOptions{Interface: "lo", Blocks: 8})
	openIn(t, ns, source)
	s, best := newSender(t, ns), time.Hour
	came := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- ns.Do(func() error { return source.Run(ctx, Each(func(*Datagram) { came <- time.Now() })) })
	}()
	for range 10 {
		time.Sleep(3 * longestNap) // for the line to be quiet
		sent := time.Now()
		s.send(fence4())
		best = min(best, (<-came).Sub(sent))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if best > 25*time.Millisecond { // the best of ten: the machine may be busy
		t.Errorf("it took %v", best)
	}
}

// A ring that fills fast is left alone for a shorter time.
func TestNapAfter(t *testing.T) {
	for blocks, want := range map[int]time.Duration{1: 8, 2: 8, 3: 4, 4: 4, 5: 2, 8: 2, 9: 1, 32: 1} {
		if got := napAfter(blocks, 32, true); got != want*time.Millisecond {
			t.Errorf("after %d of 32 blocks, awaited: %v", blocks, got)
		}
		if got := napAfter(blocks, 32, false); got < 2*want*time.Millisecond-time.Millisecond || got > 3*want*time.Millisecond {
			t.Errorf("after %d of 32 blocks: %v", blocks, got)
		}
	}
	if got := napAfter(1, 4, true); got != time.Millisecond {
		t.Errorf("after 1 of 4: %v", got)
	}
}
