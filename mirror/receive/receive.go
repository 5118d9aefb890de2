// Package receive turns sockets and capture files into whole outer IP
// datagrams of protocol 47 (GRE, RFC 2784), the carrier of every remote mirror.
//
// Four sources do the same work on different input: [Ring] (an AF_PACKET
// TPACKET_V3 ring), [Raw] (raw protocol-47 sockets), [File] (pcap and pcapng)
// and [Pair] (memory). [Live] picks the best of the first two that the process
// may use. Outer fragments are reassembled within fixed limits, because a
// full-size frame that is mirrored over a path with the same MTU is always
// fragmented. Whatever is not delivered is counted by name.
package receive

import (
	"context"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Datagram is what a source delivers. It and its Payload are valid only during
// the call of Take.
type Datagram = gre.Datagram

// MostAtOnce is how many datagrams are taken in one call at most.
const MostAtOnce = 16

// Handler takes what one worker of a source receives. All calls come from one
// goroutine, which waits for each to return. Datagrams come in batches, so that
// what has to be done around them is not done for each.
type Handler interface {
	// Begin is called before the first datagram of a batch.
	Begin()
	// Take takes the next datagrams, in the order that they arrived; at least one
	// and at most MostAtOnce, so that the memory which counting one takes can be
	// asked for while another is counted.
	Take([]Datagram)
	// End is called after the last datagram of a batch, and before the worker
	// waits for more.
	End()
}

// Each makes a function the handler of every worker. Of a source with several
// it is called from several goroutines.
func Each(take func(*Datagram)) func(worker int) Handler {
	return func(int) Handler { return each(take) }
}

type each func(*Datagram)

func (e each) Begin() {}
func (e each) End()   {}

func (e each) Take(list []Datagram) {
	for i := range list {
		e(&list[i])
	}
}

// RefusedFunc is told of a packet that claims to be protocol 47 and cannot be
// delivered. A datagram of several fragments is told of once, under the number
// of its fragment that was seen last. It is called from the goroutine of the worker.
type RefusedFunc func(number uint64, reason Refusal)

// Source delivers datagrams. It runs once: Open, then Run, or Close.
type Source interface {
	// Open acquires what the source reads from. After it returned nil no
	// packet that arrives is missed, though nothing is delivered before Run:
	// it is the moment of readiness. A second call does nothing.
	Open() error
	// Run calls Open if that has not happened, asks for the handler of each of its
	// workers, counted from 0, delivers until ctx is done or the input has ended, releases everything and returns. It returns nil
	// when a live source was stopped by ctx and when a file has been read to
	// its end.
	Run(ctx context.Context, handlers func(worker int) Handler) error
	// Close releases an opened source that will not be run; it does nothing
	// to a source whose Run has been called, save that it ends a Pair.
	Close() error
	// Counters may be called at any time from any goroutine.
	Counters() Counters
	// Describe may be called at any time from any goroutine.
	Describe() Description
}

// Kind names a way to receive.
type Kind string

// The kinds of source.
const (
	KindRing   Kind = "ring"
	KindRaw    Kind = "raw"   // raw sockets, read in batches
	KindPlain  Kind = "plain" // raw sockets, one call a datagram
	KindFile   Kind = "file"
	KindMemory Kind = "memory"
)

// Description says what a source reads from, for people.
type Description struct {
	// Kind is empty for a Live that has not been opened.
	Kind Kind
	// Interface is the interface listened on; empty for all of them, and for
	// files and memory.
	Interface string
	// Path is the file read; "-" is the standard input.
	Path string
	// Reason says in a sentence why a better kind is not in use; empty when
	// nothing better exists.
	Reason string
	// Warnings name what does not work beside the source, each a sentence.
	Warnings []string
	// Workers is how many goroutines receive, each with a handler of its own.
	Workers int
	// SnapLen is how many bytes of each outer packet are kept now, 0 all.
	SnapLen int
	// RingBytes is the memory of all rings together; 0 where there is none.
	RingBytes int
	// Drop says whether what the ring has taken goes on to the IP stack.
	Drop Drop
}

// Drop says where packets end that the ring has taken: nobody else on the host
// receives protocol 47 that is sent to these addresses and comes in there.
type Drop struct {
	// Way is how the program is attached, "tcx" or "clsact"; empty while it is not.
	Way        string
	Addresses  []netip.Addr
	Interfaces []string
	// Reason is why nothing is dropped, or not everywhere; empty otherwise.
	Reason string
}
