package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/evidence"
)

// Receiver is what takes mirrored packets in, with its counters since it was started.
type Receiver struct {
	Name      string // mirror.LocalReceiver
	Kind      string // xdp, ring, raw, plain, file, memory
	Interface string // "": all of them
	Addresses []netip.Addr
	Up        bool
	Message   string // why it is down, or works less well than it could
	Reason    string // why a better kind is not in use
	Warnings  []string

	XDPMode    string // native or generic, where the kernel counts
	Workers    int    // goroutines that receive
	SnapLength int    // bytes copied of each outer packet now; 0: all
	RingBytes  int    // memory of the rings
	DropFilter DropFilter

	Packets       uint64 // handed over by the kernel
	Datagrams     uint64 // whole GRE datagrams delivered
	Fragments     uint64
	Truncated     uint64
	KernelCounted uint64            // of Datagrams, by the kernel, which did not hand them over
	KernelDropped uint64            // by ring and buffer
	RingDropped   uint64            // no block of a ring was free
	BufferDropped uint64            // a socket's buffer was full
	Refused       map[string]uint64 // by reason; a bounded set

	Outputs []Output
}

// Output is where mirrored frames go beside being counted, with its counters since it was started.
type Output struct {
	Kind    string // tap or files
	Name    string // the device, or the files
	Session string // "*": every one
	Frames  uint64 // that went there
	Bytes   uint64
	Lost    uint64 // frames that were not written in time
	TooLong uint64 // frames longer than the device's MTU
	Refused uint64 // frames that the device did not take
	Message string // why nothing goes there at the moment
}

// DropFilter says where mirrored packets end that the receiver has taken, so that the IP stack of the machine does not get them.
type DropFilter struct {
	Way        string // tcx or clsact; "": nothing is dropped
	Addresses  []netip.Addr
	Interfaces []string
	Reason     string // why nothing is dropped, or not everywhere
}

// Unclaimed is mirror traffic that belongs to no session, from one exporter under one id.
type Unclaimed struct {
	Exporter      netip.Addr // outer source
	Receiver      netip.Addr // outer destination
	Encapsulation string     // gre, erspan1, erspan2 or erspan3
	ERSPANID      uint16
	Reason        string // why it belongs to no session
	Packets       uint64
	Bytes         uint64
	PerSecond     float64 // packets, now
	First, Last   time.Time
	MACs          []string // a few of the inner addresses
	Guess         evidence.Guess
}

// reception answers what takes the mirrors in, and what it takes in that nobody asked for.
type reception struct {
	receivers func() []Receiver
	unclaimed func() []Unclaimed
}

func (h reception) register(a huma.API) {
	op := func(id, path, summary string) huma.Operation {
		return operation(a, "reception", id, http.MethodGet, path, summary, "")
	}
	huma.Register(a, op("list-receivers", "/v1/receivers", "List receivers"), h.listReceivers)
	huma.Register(a, op("list-unclaimed", "/v1/unclaimed", "List mirror traffic that belongs to no session, with a guess whose it is"), h.listUnclaimed)
}

type receptionInput struct{ PageQuery }

type receiversOutput struct{ Body wire.ReceiverList }

func (h reception) listReceivers(_ context.Context, in *receptionInput) (*receiversOutput, error) {
	cut, next, p := sortedPage(h.receivers(), in.PageQuery, func(r Receiver) string { return r.Name + "\x00" + r.Interface })
	if p != nil {
		return nil, p
	}
	list := make([]wire.Receiver, len(cut))
	for i, r := range cut {
		list[i] = renderReceiver(r)
	}
	return &receiversOutput{wire.ReceiverList{Items: list, NextPageToken: next}}, nil
}

func renderOutputs(list []Output) []wire.Output {
	rendered := make([]wire.Output, len(list))
	for i, o := range list {
		rendered[i] = wire.Output(o)
	}
	return rendered
}

func renderReceiver(r Receiver) wire.Receiver {
	refused := maps.Clone(r.Refused)
	if refused == nil {
		refused = map[string]uint64{}
	}
	return wire.Receiver{
		Name: r.Name, Kind: r.Kind, Interface: r.Interface, Addresses: renderAddresses(r.Addresses), Up: r.Up, Message: r.Message,
		Reason: r.Reason, Warnings: append([]string{}, r.Warnings...), XDPMode: r.XDPMode, Workers: r.Workers, SnapLength: r.SnapLength, RingBytes: r.RingBytes,
		DropFilter: wire.DropFilter{
			Way: r.DropFilter.Way, Addresses: renderAddresses(r.DropFilter.Addresses), Interfaces: append([]string{}, r.DropFilter.Interfaces...),
			Reason: r.DropFilter.Reason,
		},
		Packets: r.Packets, Datagrams: r.Datagrams, Fragments: r.Fragments, Truncated: r.Truncated,
		KernelCounted: r.KernelCounted, KernelDropped: r.KernelDropped, RingDropped: r.RingDropped, BufferDropped: r.BufferDropped, Refused: refused,
		Outputs: renderOutputs(r.Outputs),
	}
}

type unclaimedOutput struct{ Body wire.UnclaimedList }

func (h reception) listUnclaimed(_ context.Context, in *receptionInput) (*unclaimedOutput, error) {
	key := func(u Unclaimed) string {
		return fmt.Sprintf("%s\x00%s\x00%s\x00%d\x00%s", u.Exporter, u.Receiver, u.Encapsulation, u.ERSPANID, u.Reason)
	}
	cut, next, p := sortedPage(h.unclaimed(), in.PageQuery, key)
	if p != nil {
		return nil, p
	}
	list := make([]wire.Unclaimed, len(cut))
	for i, u := range cut {
		list[i] = wire.Unclaimed{
			Exporter: u.Exporter.String(), Receiver: u.Receiver.String(), Encapsulation: u.Encapsulation,
			ERSPANID: int(u.ERSPANID), Reason: u.Reason, Packets: u.Packets, Bytes: u.Bytes,
			FirstPacketAt: utc(u.First), LastPacketAt: utc(u.Last),
			PacketsPerSecond: finite(u.PerSecond), MACs: append([]string{}, u.MACs...), Guess: wire.UnclaimedGuess{
				Kind: string(u.Guess.Kind), Session: u.Guess.Session, Switch: u.Guess.Switch, Host: u.Guess.Host,
				VMs: append([]string{}, u.Guess.VMs...), Message: u.Guess.Why,
			},
		}
	}
	return &unclaimedOutput{wire.UnclaimedList{Items: list, NextPageToken: next}}, nil
}
