package xdp

import (
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// Stream is a space of sequence numbers that is followed: that of one session,
// or of everything in ERSPAN that an exporter sends to one address.
type Stream struct {
	Src, Dst netip.Addr
	// Whole is everything: both types, all ids. Then what follows is zero.
	Whole      bool
	Type       erspan.Type // TypeII or TypeIII
	ID         uint16
	HardwareID uint8
}

func (s Stream) check() error {
	const maxID, maxHardwareID = 1<<10 - 1, 1<<6 - 1
	if s.Whole {
		return checkStream(s.Src, s.Dst, s == Stream{Src: s.Src, Dst: s.Dst, Whole: true})
	}
	return checkStream(s.Src, s.Dst, s.Type.HasSession() && s.ID <= maxID && s.HardwareID <= maxHardwareID &&
		(s.Type == erspan.TypeIII || s.HardwareID == 0))
}

// checkStream holds the addresses to be two of one version, and the rest to be
// what there is.
func checkStream(src, dst netip.Addr, rest bool) error {
	if !src.IsValid() || !dst.IsValid() || src.Is4() != dst.Is4() {
		return fmt.Errorf("xdp: packets from %v to %v: %w", src, dst, ErrNever)
	}
	if !rest {
		return fmt.Errorf("xdp: packets from %v to %v that bear what their type has not: %w", src, dst, ErrNever)
	}
	return nil
}

func (s Stream) plain() Stream {
	s.Src, s.Dst = plain(s.Src), plain(s.Dst)
	return s
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
