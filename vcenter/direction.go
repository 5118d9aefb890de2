package vcenter

import (
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// This file holds all that vspan believes of directions, and nothing else does.
//
// It is inferred, not documented. VMwareVspanSession says of sourcePortTransmitted that "egress packets" of the ports are mirrored
// and of sourcePortReceived "ingress packets", seen from the switch: a frame that enters the switch at a port is one that the VM
// sent. The wizard of the vSphere Client calls them Egress and Ingress the same way. DistributedVirtualSwitchPortStatistics counts
// "in" and "out" and does not say of what; the same point of view is taken.
//
// Should a real vCenter prove otherwise, swap the two fields in both of sourcesOf and sourcesTo, or the two halves of volumes;
// nothing else has to change.

// sourcesOf returns the session's sources in vspan's words.
func sourcesOf(s types.VMwareVspanSession) (fromVM, toVM *types.VMwareVspanPort) {
	return s.SourcePortReceived, s.SourcePortTransmitted
}

// sourcesTo is the inverse of sourcesOf.
func sourcesTo(s *types.VMwareVspanSession, fromVM, toVM *types.VMwareVspanPort) {
	s.SourcePortReceived, s.SourcePortTransmitted = fromVM, toVM
}

// The names that the two have on the wire, for VSPAN.Other.
const (
	fromVMField = "sourcePortReceived"
	toVMField   = "sourcePortTransmitted"
)

// volumes returns what a port has counted.
func volumes(s types.DistributedVirtualSwitchPortStatistics) (fromVM, toVM mirror.Volume) {
	fromVM = mirror.Volume{
		Packets: sum(s.PacketsInUnicast, s.PacketsInMulticast, s.PacketsInBroadcast),
		Bytes:   sum(s.BytesInUnicast, s.BytesInMulticast, s.BytesInBroadcast),
	}
	toVM = mirror.Volume{
		Packets: sum(s.PacketsOutUnicast, s.PacketsOutMulticast, s.PacketsOutBroadcast),
		Bytes:   sum(s.BytesOutUnicast, s.BytesOutMulticast, s.BytesOutBroadcast),
	}
	return fromVM, toVM
}

// sum adds counters; one that is below zero has not been counted.
func sum(counters ...int64) uint64 {
	var total uint64
	for _, n := range counters {
		if n > 0 {
			total += uint64(n)
		}
	}
	return total
}
