package daemon

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store/etcd"
	"github.com/vspan-io/vspan/vcenter"
)

// Config says what a daemon consists of. Its zero value is not usable; Defaults is the base to fill.
type Config struct {
	// Listen is where the API listens; a loopback address, because there are no rights yet.
	Listen string
	// DataDir keeps what must outlive the process; "" keeps nothing.
	DataDir string
	// Installation names this installation in the markers of its sessions; "": the name that the state keeps, made on the first start.
	// Who lost his state says the old name here, so that what stands on the switches is his again.
	Installation string
	// Cluster makes the daemon one of several that keep the state together, in their data directories; nil: it is alone.
	Cluster *etcd.Cluster
	// Etcd is somebody's own etcd, where the state is kept instead; nil: in the data directory.
	Etcd *etcd.External
	// Drain takes down what stands on the switches when the daemon stops. Otherwise it stays, until its expiry at the latest.
	Drain bool
	// VCenters are the vCenters to drive, at least one.
	VCenters []vcenter.Config
	// Receiver says how mirrors are received.
	Receiver Receiver
	// Probe says how mirrors are probed.
	Probe Probe
	// DefaultLife is the life of a session that does not say one, MaxLife the longest that may be asked for; 0: no limit.
	DefaultLife, MaxLife time.Duration
	// Flows says which conversations are looked at.
	Flows Flows
	// Payload lets the API show what was mirrored. What is counted it shows in any case.
	Payload bool
	// SessionSeries is how many sessions have metrics of their own; 0: 1,000. The others are counted together.
	SessionSeries int
	// Resync is how often each switch is read although nothing seems to have changed.
	Resync time.Duration
	// Version is what the API says of itself.
	Version string
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	// At, when not nil, is called at the points of reconciling: see reconcile.Options.
	At func(reconcile.Point)
	// Log takes what happens. Required.
	Log *slog.Logger
}

// Receiver says how mirrors are received.
type Receiver struct {
	// Off receives nothing: every verdict on the local receiver is unknown.
	Off bool
	// Interface is the one to listen on; "" is all of them.
	Interface string
	// Addresses are where hosts send mirrors to; the first is given to vSphere. Empty: the address that faces the first vCenter.
	Addresses []netip.Addr
	// Mode is how packets are counted: ModeRing or ModeXDP; "" is ModeRing.
	Mode string
	// Workers is how many cores receive at the same time: see receive.LiveOptions.
	Workers int
	// SnapLen is how many bytes of each outer packet are copied while nobody captures, 0 all of them.
	SnapLen int
	// LeaveToStack has mirrored packets go on to the IP stack of this machine, where something else may receive them.
	LeaveToStack bool
	// Source, when not nil, is received from instead of the network: memory, in a process that may open no socket.
	Source receive.Source
	// Tap, when not nil, is shown every datagram before it is judged, from the receiver's goroutine. It must not keep it.
	Tap func(*receive.Datagram)
	// Outputs are where mirrored frames go beside being counted.
	Outputs Outputs
}

// Defaults returns the configuration of a daemon about which nothing was said.
func Defaults() Config {
	return Config{
		Listen:      "127.0.0.1:8080",
		DefaultLife: 8 * time.Hour,
		Payload:     true,
		Resync:      time.Minute,
		Probe:       Probe{IdleAfter: 10 * time.Minute, Every: 10 * time.Minute},
		Receiver:    Receiver{Workers: 1, SnapLen: 256},
		Log:         slog.New(slog.DiscardHandler),
	}
}

// checkLife refuses what would mean no limit, or no life, to whoever did not mean that.
func (c Config) checkLife() error {
	if c.DefaultLife < time.Second {
		return fmt.Errorf("the default expiry is %s: want at least 1s", c.DefaultLife)
	}
	if c.MaxLife != 0 && c.MaxLife < time.Second {
		return fmt.Errorf("the maximum expiry is %s: want at least 1s, or 0 for no limit", c.MaxLife)
	}
	return nil
}

// mostSessionSeries bounds how many sessions have metrics of their own: each has ten series.
const mostSessionSeries = 100_000

func (c Config) checkMetrics() error {
	if c.SessionSeries < 0 || c.SessionSeries > mostSessionSeries {
		return fmt.Errorf("metrics.sessions is %d: want 1 to %d, or 0 for %d", c.SessionSeries, mostSessionSeries, defaultSessionSeries)
	}
	return nil
}

// What a receiver may have: below the shortest copy the headers that evidence reads could be cut, above the longest is no packet.
const (
	mostWorkers  = 64
	shortestCopy = 192
	longestCopy  = 1 << 16
)

// The ways to count packets.
const (
	ModeRing = "ring" // in user space, each of them
	ModeXDP  = "xdp"  // in the kernel, those whose like was seen before
)

// checkMode refuses ways that do not exist, or not with the rest.
func (r Receiver) checkMode() error {
	switch {
	case r.Mode == "" || r.Mode == ModeRing:
		return nil
	case r.Mode != ModeXDP:
		return fmt.Errorf("the receiver's mode is %q: want %s or %s", r.Mode, ModeRing, ModeXDP)
	case r.Interface == "":
		return fmt.Errorf("the receiver's mode is %s, which counts on one interface: name it with receiver.interface or --receiver-interface", ModeXDP)
	case r.Workers > 1:
		return fmt.Errorf("the receiver's mode is %s, which leaves little to do: want one worker, not %d", ModeXDP, r.Workers)
	}
	return nil
}

// checkReceiver refuses what cannot be received with. The zero Workers is one.
func (c Config) checkReceiver() error {
	if n := c.Receiver.Workers; n < 0 || n > mostWorkers {
		return fmt.Errorf("the receiver has %d workers: want 1 to %d", n, mostWorkers)
	}
	if n := c.Receiver.SnapLen; n != 0 && (n < shortestCopy || n > longestCopy) {
		return fmt.Errorf("the receiver's snap length is %d: want %d to %d, or 0 for whole packets", n, shortestCopy, longestCopy)
	}
	return c.Receiver.checkMode()
}

func (c Config) now() func() time.Time {
	if c.Now == nil {
		return time.Now
	}
	return c.Now
}

// receiverAddresses returns where hosts send mirrors to.
func (c Config) receiverAddresses() ([]netip.Addr, error) {
	if c.Receiver.Off || len(c.Receiver.Addresses) > 0 {
		return c.Receiver.Addresses, nil
	}
	address, err := addressTowards(c.VCenters[0].URL)
	if err != nil {
		return nil, fmt.Errorf("the receiver's address: %w", err)
	}
	return []netip.Addr{address}, nil
}
