package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// journal is a handler that writes down what is asked of it.
type journal struct{ lines []string }

func (j *journal) Begin() { j.lines = append(j.lines, "begin") }
func (j *journal) End()   { j.lines = append(j.lines, "end") }

func (j *journal) Take(list []Datagram) {
	var numbers []string
	for _, d := range list {
		numbers = append(numbers, fmt.Sprint(d.Number))
	}
	j.lines = append(j.lines, strings.Join(numbers, " "))
}

// lying are packets a millisecond apart, in batches of so many.
func lying(batch int, packets ...[]byte) func(func([]Lying) bool) {
	var list []Lying
	for i, b := range packets {
		list = append(list, Lying{At: start.UnixNano() + int64(i)*int64(time.Millisecond), IP: b})
	}
	return slices.Chunk(list, batch)
}

func TestMemoryInBatches(t *testing.T) {
	whole := ipv4(v4a, v4b, 47, part{}, greOf(20))
	packets := append(split4(greOf(3000), 7, 1480), whole, whole)
	packets = append(packets, ipv4(v4a, v4b, 17, part{}, greOf(20)), split4(greOf(3000), 8, 1480)[0])
	m := NewMemory(MemoryOptions{Batches: lying(3, packets...)})
	var got journal
	if err := m.Run(t.Context(), func(int) Handler { return &got }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"begin", "3", "end", "begin", "4 5", "end", "begin", "end"}; !slices.Equal(got.lines, want) {
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
	first := split4(greOf(3000), 7, 1480)[0]
	later := Lying{At: start.Add(time.Minute).UnixNano(), IP: ipv4(v4a, v4b, 47, part{}, greOf(20))}
	m := NewMemory(MemoryOptions{Batches: slices.Chunk([]Lying{{At: start.UnixNano(), IP: first}, later}, 1)})
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
	whole := ipv4(v4a, v4b, 47, part{}, greOf(20))
	m := NewMemory(MemoryOptions{Batches: lying(2, whole, whole, whole)})
	if err := m.Run(ctx, Each(func(*Datagram) { cancel(why) })); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	if c := m.Counters(); c.Datagrams != 2 {
		t.Errorf("a batch is not cut: %+v", c)
	}
}

// Receiving from memory allocates nothing for a packet.
func TestMemoryAllocatesNothing(t *testing.T) {
	whole := ipv4(v4a, v4b, 47, part{}, greOf(20))
	batches := lying(256, slices.Repeat([][]byte{whole}, 10_000)...)
	n := testing.AllocsPerRun(1, func() {
		if err := NewMemory(MemoryOptions{Batches: batches}).Run(context.Background(), Each(func(*Datagram) {})); err != nil {
			t.Error(err)
		}
	})
	if n > 100 {
		t.Errorf("%v allocations for 10,000 packets and a Memory", n)
	}
}

// As many are handed over together as may be, and those that are read otherwise come in their order.
func TestMemoryTogether(t *testing.T) {
	plain, other := ipv4(v4a, v4b, 47, part{}, greOf(20)), ipv6(v6a, v6b, 47, greOf(20))
	packets := slices.Repeat([][]byte{plain}, 20)
	packets = append(packets, other, plain)
	m := NewMemory(MemoryOptions{Batches: lying(100, packets...)})
	var got journal
	if err := m.Run(t.Context(), func(int) Handler { return &got }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"begin", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", "17 18 19 20", "21", "22", "end"}; !slices.Equal(got.lines, want) {
		t.Errorf("got %q, want %q", got.lines, want)
	}
}
