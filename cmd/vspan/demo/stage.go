package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/probe"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// stage is a simulated vCenter and a daemon that drives it.
type stage struct {
	sim    *sim.Simulator
	daemon *daemon.Daemon
	tap    *wiretap
	medium string // how packets travel, for people
}

// collector is where the simulated hosts send their mirrors to: a loopback address that no other process has. The hosts and VMs of
// every simulator have the same addresses, and a mirror that another one on this machine sends must not pass for ours.
func collector(pid int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 64 | byte(pid>>16)&0x3f, byte(pid >> 8), byte(pid)})
}

// newStage starts the simulator in the group, because a daemon needs its certificate, and builds the daemon.
func newStage(ctx context.Context, group *errgroup.Group, o Options) (*stage, error) {
	st := &stage{tap: newWiretap()}
	simOptions := sim.Options{Control: "127.0.0.1:0", Seed: 1, Log: slog.New(slog.DiscardHandler)}
	receiver := daemon.Receiver{Addresses: []netip.Addr{collector(os.Getpid())}, Tap: st.tap.take}
	st.medium = o.setStage(&simOptions, &receiver)
	var err error
	if st.sim, err = sim.New(simOptions); err != nil {
		return nil, fmt.Errorf("building the simulated vCenter: %w", err)
	}
	group.Go(func() error { return st.sim.Run(ctx) })
	select {
	case <-st.sim.Ready():
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	settings := vcenter.Settings{
		URL: st.sim.URL().String(), Username: "user", Password: vcenter.NewSecret("pass"), Thumbprint: st.sim.Thumbprint(),
	}
	vc, err := settings.Config("default")
	if err != nil {
		return nil, fmt.Errorf("reaching the simulated vCenter: %w", err)
	}
	config := daemon.Defaults()
	config.Listen, config.VCenters, config.Receiver = freeAddress(o.Listen), []vcenter.Config{vc}, receiver
	config.Log, config.Version = o.Log, o.Version
	config.Probe.Network = &probe.Memory{IP: st.sim.Deliver, Ethernet: st.sim.DeliverFrame} // no route of this machine leads to the guests
	st.daemon, err = daemon.New(config)
	return st, err
}

// medium lets the packets of a simulator travel to a receiver, and says by what.
type medium func(*sim.Options, *daemon.Receiver) string

// best lets packets cross real sockets where the process may open them, and memory where it may not.
func best(simOptions *sim.Options, receiver *daemon.Receiver) string {
	live := receive.NewLive(receive.LiveOptions{})
	if err := live.Open(); err != nil {
		return memory(simOptions, receiver)
	}
	_ = live.Close() // it was opened only to see whether it can be
	simOptions.Emit = sim.EmitSocket
	return "real sockets: the simulated hosts send GRE (IP protocol 47) over loopback"
}

func memory(simOptions *sim.Options, receiver *daemon.Receiver) string {
	pair := receive.NewPair(receive.PairOptions{})
	simOptions.Emit = sim.EmitMemory
	simOptions.Memory = func(packet []byte) { pair.Inject(time.Now(), packet) }
	receiver.Source = pair
	return "memory, because this user may not open packet sockets; run it as root to see them on loopback"
}

// freeAddress returns the address asked for, or one with any free port on the same host if that one is taken.
func freeAddress(listen string) string {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		host, _, _ := net.SplitHostPort(listen)
		return net.JoinHostPort(host, "0")
	}
	_ = l.Close()
	return listen
}
