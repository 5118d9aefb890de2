//go:build !client

package main

import (
	"cmp"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/vcenter/sim"
)

func newSimCommand() *cobra.Command {
	var options sim.Options
	var emit, verbose bool
	var hostAddresses []string
	cmd := &cobra.Command{
		Use:     "sim",
		GroupID: groupRun,
		Short:   "Run a simulated vCenter whose hosts really mirror",
		Long: `Run a simulated vCenter with a distributed switch, VMs that talk to each other, and hosts that emit real GRE and
ERSPAN packets from addresses of their own (127.1.0.x) for every enabled mirror session.

Emitting takes CAP_NET_RAW. Packets never leave this machine: other destinations than loopback are refused and counted.
With --tun vspan0 this machine also reaches the guests, at 10.10.0.0/16, so that 'vspan verify' can probe them as it would real ones. That
takes CAP_NET_ADMIN; the device and its route are gone when the simulator is. Without these rights, 'unshare -rn' gives a shell that has
them in a network of its own (ip link set lo up comes first there), and 'vspan demo' shows everything without any.
It knows three users with the password "pass": user may do everything, vspan has the least that mirroring takes, reader may only look.
With --control a second listener makes things happen: vMotion, power, lost hosts, sessions changed by hand, paths that are
broken, too narrow, translated or out of order, hosts that send something else than asked, strangers, and slow counters.`,
		Example:           "  vspan sim --control 127.0.0.1:8990\n  curl -s 127.0.0.1:8990/state\n  curl --json '{\"host\":\"esx-02\"}' 127.0.0.1:8990/vms/web-01/move",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if options.Emit = sim.EmitOff; emit {
				options.Emit = sim.EmitAuto
			}
			options.Log = logger(cmd.ErrOrStderr(), verbose)
			for _, text := range hostAddresses {
				address, err := netip.ParseAddr(text)
				if err != nil {
					return usageError{fmt.Errorf("--host-address %q is not an IP address: %w", text, err)}
				}
				options.HostAddresses = append(options.HostAddresses, address)
			}
			if options.Hosts < 1 || options.VMs < 2 { // 0 would come to mean the default
				return usageError{fmt.Errorf("--hosts %d --vms %d: want a host, and two VMs that talk", options.Hosts, options.VMs)}
			}
			return runSim(cmd, options)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Listen, "listen", "127.0.0.1:8989", "where the simulated vCenter listens")
	flags.StringVar(&options.Control, "control", "", "where the control API listens; empty: nowhere")
	flags.IntVar(&options.Hosts, "hosts", 2, "number of hosts")
	flags.StringSliceVar(&hostAddresses, "host-address", nil, "addresses of the first hosts, instead of 127.1.0.N; for mirrors that somebody else sends")
	flags.IntVar(&options.VMs, "vms", 4, "number of VMs")
	flags.Int64Var(&options.Seed, "seed", 1, "seed of the traffic: the same seed gives the same frames")
	flags.BoolVar(&emit, "emit", true, "emit mirror packets; needs CAP_NET_RAW")
	flags.IntVar(&options.MTU, "mtu", 1500, "MTU of the path from the hosts to the receiver: larger packets leave as fragments")
	flags.StringVar(&options.TUN, "tun", "", "make a TUN device of this name, through which this machine reaches the guests (10.10.0.0/16); needs CAP_NET_ADMIN")
	flags.BoolVar(&options.Stock, "stock", false, "leave VSPAN out, as plain vcsim does: tasks succeed and nothing is stored")
	flags.BoolVarP(&verbose, "verbose", "v", false, "log what the simulator does")
	return cmd
}

func runSim(cmd *cobra.Command, options sim.Options) error {
	s, err := sim.New(options)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(cmd.Context())
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() error {
		select {
		case <-s.Ready():
			return introduce(cmd.OutOrStdout(), s)
		case <-ctx.Done():
			return nil
		}
	})
	return group.Wait()
}

// introduce says how to reach a simulator, in a form that a shell can read.
func introduce(w io.Writer, s *sim.Simulator) error {
	state := s.State()
	control := "none: start with --control 127.0.0.1:8990 to have one"
	if u := s.ControlURL(); u != nil {
		control = u.String()
	}
	guests := cmp.Or(s.GuestsDescription(), "not reachable, so that 'vspan verify' gets no answer: start with --tun vspan0 for that, as root")
	_, err := fmt.Fprintf(w, `# A vCenter that mirrors: %d hosts, %d VMs. Mirror packets: %s.
# Guests: %s
# Control API: %s
export VSPAN_VCENTER_URL=%s
export VSPAN_VCENTER_USERNAME=user
export VSPAN_VCENTER_PASSWORD=pass
export VSPAN_VCENTER_THUMBPRINT=%s
# Now, in another terminal with these set: vspan serve
`, len(state.Hosts), len(state.VMs), s.EmitDescription(), guests, control, s.URL(), s.Thumbprint())
	return err
}
