package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/receive"
)

// flood is traffic that nobody could keep accounts of: packets of random sources and ERSPAN ids, and first fragments of datagrams whose
// rest never comes.
type flood struct {
	pairs, fragments int
	collector        netip.Addr
	listed           []netip.Addr // every so many packets have one of these for their source, with a random id
	random           *rand.Rand
	packet, first    []byte // what is sent next: a whole packet, or a first fragment
	// sampled is called with the number of packets so far, a hundred times.
	sampled func()
}

// listedEvery is one packet of so many.
const listedEvery = 16

// newFlood begins with a mirrored TCP packet, and a bookkeeper who expects its session.
func newFlood(pairs, fragments int, sampled func()) (*flood, *bookkeeper, error) {
	t, err := traffic.New(traffic.Spec{Packets: 1})
	if err != nil {
		return nil, nil, err
	}
	f := &flood{
		pairs: pairs, fragments: fragments, collector: t.Collector(), sampled: sampled,
		random: rand.New(rand.NewPCG(1, 2)), packet: append([]byte(nil), t.Memory()[0]...),
	}
	f.first = append(append(make([]byte, 0, fragmentLen), f.packet[:erspanHeader]...), make([]byte, fragmentLen-erspanHeader)...)
	binary.BigEndian.PutUint16(f.first[placeLength:], fragmentLen)
	binary.BigEndian.PutUint16(f.first[placeFragment:], moreFragments)
	for _, m := range t.Mirrors() {
		f.listed = append(f.listed, m.Exporter)
	}
	return f, newBookkeeper(expected(t)), nil
}

// samples are taken, at equal distances.
const samples = 100

// all yields the packets one by one, all in the same place, the fragments evenly among the others.
func (f *flood) all(yield func([]receive.Lying) bool) {
	at, batch := time.Now().UnixNano(), make([]receive.Lying, 1)
	n, fragments := f.pairs+f.fragments, 0
	for i := range n {
		at += int64(interval)
		next := f.packet
		if fragments*n < i*f.fragments {
			fragments++
			next = f.first
			f.fragment()
		} else {
			f.pair(i)
		}
		batch[0] = receive.Lying{At: at, IP: next}
		if !yield(batch) {
			return
		}
		if (i+1)*samples/n > i*samples/n {
			f.sampled()
		}
	}
}

// The places in an IPv4 packet of ERSPAN that differ.
const (
	placeLength    = 2
	placeID        = 4
	placeFragment  = 6
	placeSource    = 12
	placeSequence  = erspanHeader - 4
	erspanHeader   = 20 + 8
	moreFragments  = 0x2000
	sessionIDs     = 1 << 10
	sequenceSpread = 1 << 20

	// fragmentLen is that of the first fragment of a full frame, on a path of 1500 bytes.
	fragmentLen = 1500
)

// fragment makes the first fragment one of a datagram of its own.
func (f *flood) fragment() {
	binary.BigEndian.PutUint16(f.first[placeID:], uint16(f.random.Uint32()))
	binary.BigEndian.PutUint32(f.first[placeSource:], f.random.Uint32())
}

// pair makes the whole packet one of a random source and id.
func (f *flood) pair(i int) {
	binary.BigEndian.PutUint32(f.packet[placeSource:], f.random.Uint32())
	if i%listedEvery == 0 {
		source := f.listed[f.random.IntN(len(f.listed))].As4()
		copy(f.packet[placeSource:], source[:])
	}
	binary.BigEndian.PutUint32(f.packet[placeSequence:], f.random.Uint32N(sequenceSpread))
	binary.BigEndian.PutUint16(f.packet[erspanHeader+2:], uint16(f.random.IntN(sessionIDs)))
}

// flooded is what a child found that took a flood in.
type flooded struct {
	Resident  []float64 `json:"resident"` // bytes, a hundred times
	Packets   uint64    `json:"packets"`
	Evicted   uint64    `json:"evicted"`
	Fragments uint64    `json:"fragments"`
	Pending   uint64    `json:"pending"` // bytes of fragments that wait
}

// childFlood takes a flood in. Its arguments are the numbers of pairs and of fragments.
func childFlood(ctx context.Context, arguments []string, _ io.Reader, out io.Writer) error {
	numbers, err := numbersOf(arguments, 0, 2)
	if err != nil {
		return err
	}
	var found flooded
	var failed error
	var source *receive.Memory
	f, books, err := newFlood(numbers[0], numbers[1], func() {
		n, err := resident()
		if err != nil {
			failed = err
		}
		found.Resident = append(found.Resident, float64(n))
		found.Pending = max(found.Pending, source.Counters().PendingBytes)
	})
	if err != nil {
		return err
	}
	source = receive.NewMemory(receive.MemoryOptions{Batches: f.all})
	if err := source.Run(ctx, func(int) receive.Handler { return books }); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	totals := books.ledger.View().Totals
	found.Packets, found.Evicted, found.Fragments = totals.Packets, totals.Evicted, source.Counters().Fragments
	if want := uint64(numbers[0]); found.Packets != want || found.Fragments != uint64(numbers[1]) {
		return fmt.Errorf("took in %d packets and %d fragments of %v", found.Packets, found.Fragments, numbers)
	}
	return json.NewEncoder(out).Encode(found)
}
