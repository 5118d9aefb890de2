package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

// journal is a handler that writes down what is asked of it.
type journal struct{ lines []string }

func (j *journal) Begin()           { j.lines = append(j.lines, "begin") }
func (j *journal) Take(d *Datagram) { j.lines = append(j.lines, fmt.Sprint(d.Number)) }
func (j *journal) End()             { j.lines = append(j.lines, "end") }

// yielding yields packets a millisecond apart.
func yielding(packets ...[]byte) func(func(time.Time, []byte) bool) {
	return func(yield func(time.Time, []byte) bool) {
		for i, b := range packets {
			if !yield(start.Add(time.Duration(i)*time.Millisecond), b) {
				return
			}
		}
	}
}

func TestMemoryInBatches(t *testing.T) {
	whole := ipv4(v4a, v4b, 47, part{}, gre(20))
	packets := append(split4(gre(3000), 7, 1480), whole, whole)
	packets = append(packets, ipv4(v4a, v4b, 17, part{}, gre(20)), split4(gre(3000), 8, 1480)[0])
	m := NewMemory(MemoryOptions{Packets: yielding(packets...), Batch: 3})
	var got journal
	if err := m.Run(t.Context(), func(int) Handler { return &got }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"begin", "3", "end", "begin", "4", "5", "end", "begin", "end"}; !slices.Equal(got.lines, want) {
		t.Errorf("got %v, want %v", got.lines, want)
	}
	c := m.Counters()
	checkSum(t, c)
	if c.Packets != 7 || c.Datagrams != 3 || c.NotGRE != 1 || c.Pending != 0 || c.Refused[RefusedFragmentIncomplete] != 1 {
		t.Errorf("%+v", c)
	}
	if err := m.Run(t.Context(), Each(func(*Datagram) {})); !errors.Is(err, ErrRunOnce) {
		t.Errorf("a second run: %v", err)
	}
}

// The clock of reassembly is that of the packets.
func TestMemoryExpires(t *testing.T) {
	first := split4(gre(3000), 7, 1480)[0]
	m := NewMemory(MemoryOptions{Batch: 1, Packets: func(yield func(time.Time, []byte) bool) {
		_ = yield(start, first) && yield(start.Add(time.Minute), ipv4(v4a, v4b, 47, part{}, gre(20)))
	}})
	if err := m.Run(t.Context(), Each(func(*Datagram) {})); err != nil {
		t.Fatal(err)
	}
	if c := m.Counters(); c.Refused[RefusedFragmentTimeout] != 1 || c.Datagrams != 1 {
		t.Errorf("%+v", c)
	}
}

func TestMemoryIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	whole := ipv4(v4a, v4b, 47, part{}, gre(20))
	m := NewMemory(MemoryOptions{Packets: yielding(whole, whole, whole), Batch: 2})
	if err := m.Run(ctx, Each(func(*Datagram) { cancel(why) })); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if c := m.Counters(); c.Datagrams != 2 {
		t.Errorf("a batch is not cut: %+v", c)
	}
}

// Receiving from memory allocates nothing for a packet.
func TestMemoryAllocatesNothing(t *testing.T) {
	whole := ipv4(v4a, v4b, 47, part{}, gre(20))
	n := testing.AllocsPerRun(1, func() {
		m := NewMemory(MemoryOptions{Packets: func(yield func(time.Time, []byte) bool) {
			for range 10_000 {
				if !yield(start, whole) {
					return
				}
			}
		}})
		if err := m.Run(context.Background(), Each(func(*Datagram) {})); err != nil {
			t.Error(err)
		}
	})
	if n > 100 {
		t.Errorf("%v allocations for 10,000 packets and a Memory", n)
	}
}
