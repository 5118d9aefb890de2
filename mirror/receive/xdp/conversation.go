package xdp

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Mark is what a packet says of the direction it was mirrored in.
type Mark uint8

// The marks. Of Type III every packet has one, by its D bit. Of Bridging those
// with a GRE key of 0x02000000 or 0 have one, and of Type II none.
const (
	Unmarked Mark = iota
	FromVM
	ToVM
)

// String is "none", "from-vm" or "to-vm".
func (m Mark) String() string {
	switch m {
	case FromVM:
		return "from-vm"
	case ToVM:
		return "to-vm"
	}
	return "none"
}

// Conversation is what is counted together. IPv4 addresses that are given mapped
// to IPv6 are taken for what they are, and zones for nothing.
type Conversation struct {
	Src, Dst   netip.Addr  // outside: the exporter and where it sends to
	Type       erspan.Type // Bridging, TypeII or TypeIII
	ID         uint16      // of ERSPAN, 0 to 1023; 0 of Bridging
	HardwareID uint8       // of Type III, 0 to 63; 0 of others
	Mark       Mark
	// FrameSrc and FrameDst are the addresses of the mirrored frame. Frames to a
	// group address are never counted.
	FrameSrc, FrameDst frame.MAC
}

// Admission is a conversation that is to be counted in the kernel.
type Admission struct {
	Conversation
	// SnapLength is the length in bytes to which the sender was told to cut frames,
	// 0 not at all: what Counts.Early is measured by.
	SnapLength int
}

// ErrNever is the error for what the kernel never counts.
var ErrNever = errors.New("the kernel does not count such packets")

func (c Conversation) check() error {
	switch {
	case c.Mark > ToVM || c.Type == erspan.TypeIII && c.Mark == Unmarked || c.Type == erspan.TypeII && c.Mark != Unmarked:
		return fmt.Errorf("xdp: conversation of type %v with mark %v: %w", c.Type, c.Mark, ErrNever)
	case c.FrameDst.IsMulticast():
		return fmt.Errorf("xdp: conversation with a group address: %w", ErrNever)
	case c.Type == erspan.Bridging:
		return checkStream(c.Src, c.Dst, c.ID == 0 && c.HardwareID == 0)
	}
	return c.Stream().check()
}

// Stream is the stream of a conversation's session.
func (c Conversation) Stream() Stream {
	return Stream{Src: c.Src, Dst: c.Dst, Type: c.Type, ID: c.ID, HardwareID: c.HardwareID}
}

// whole is the stream of everything in ERSPAN that goes the same way.
func (c Conversation) whole() Stream { return Stream{Src: c.Src, Dst: c.Dst, Whole: true} }

func (c Conversation) plain() Conversation {
	c.Src, c.Dst = plain(c.Src), plain(c.Dst)
	return c
}
