package sim

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"

	"github.com/vspan-io/vspan/vcenter/sim/tun"
)

// The networks that a TUN device makes reachable. Machine addresses are of them: see addressOf and ip6. This machine speaks to them from
// a documentation address (RFC 5737, RFC 3849), as a router between them and itself.
var (
	guests4 = tun.Network{Router: netip.MustParseAddr("198.51.100.1"), Guests: netip.MustParsePrefix("10.10.0.0/16")}
	guests6 = tun.Network{Router: netip.MustParseAddr("2001:db8:10:10::1"), Guests: netip.MustParsePrefix("fd00:10:10::/96")}
)

// outside is the way from this machine to the guests.
type outside struct{ device *tun.Device }

// open makes the way, unless none is asked for.
func (o *outside) open(name string) (err error) {
	if name == "" {
		return nil
	}
	if o.device, err = tun.Open(name, guests4, guests6); err != nil {
		return fmt.Errorf("simulator: the guests cannot be made reachable from this machine: %w", err)
	}
	return nil
}

func (o *outside) close() {
	if o.device != nil {
		_ = o.device.Close() // nothing is buffered that could be lost; run may have closed it
	}
}

// describe says in a few words how guests are reached, "" when they are not.
func (o *outside) describe() string {
	if o.device == nil {
		return ""
	}
	var to []string
	for _, n := range o.device.Reached {
		to = append(to, n.Guests.String())
	}
	return fmt.Sprintf("%s through %s", strings.Join(to, " and "), o.device.Name())
}

// run takes packets to the guests and their answers back, one at a time, until ctx is done.
func (o *outside) run(ctx context.Context, s *Simulator) error {
	if o.device == nil {
		return nil
	}
	defer context.AfterFunc(ctx, o.close)()
	packet := make([]byte, 1<<16)
	for {
		n, err := o.device.Read(packet)
		switch {
		case errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("simulator: reading what is sent to the guests from %s: %w", o.device.Name(), err)
		}
		for _, answer := range s.Deliver(append([]byte(nil), packet[:n]...)) {
			if _, err := o.device.Write(answer); err != nil && !errors.Is(err, os.ErrClosed) {
				s.log.Debug("an answer of a guest was not taken", "error", err)
			}
		}
	}
}

// GuestsDescription says in a few words how this machine reaches the guests, "" when it does not. It is empty until Ready is closed.
func (s *Simulator) GuestsDescription() string {
	select {
	case <-s.ready:
		return s.outside.describe()
	default:
		return ""
	}
}
