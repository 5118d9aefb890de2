//go:build !client

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/vcenter"
)

// serveFlags are the flags of vspan serve. A flag comes before the environment, that before the configuration file.
type serveFlags struct {
	config            string
	listen            string
	state             stateFlags
	vcenter           vcenter.Settings
	insecure          bool
	receiverAddresses []string
	receiverInterface string
	receiverMode      string
	receiverOff       bool
	outputs           outputFlags
	expiry            time.Duration
	payload           string
	check             bool
	verbose           bool
}

func newServeCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:     "serve",
		GroupID: groupRun,
		Short:   "Run the daemon: API, reconciling and receiver",
		Long: `Run the daemon: the HTTP API, one loop per distributed switch that keeps the sessions as asked, and the receiver that
proves what arrives.

Which vCenter, and as whom: flags, then VSPAN_VCENTER_URL, _USERNAME, _PASSWORD or _PASSWORD_FILE, _CA_FILE, _THUMBPRINT, then
the configuration file, then what govc uses (GOVC_URL and so on). There is no flag for a password: arguments are seen by all.

Receiving takes CAP_NET_RAW (run as root, or 'setcap cap_net_raw+ep' on the binary). Without it everything else works, and the
verdicts say that nothing is received. With CAP_NET_ADMIN and CAP_BPF as well it costs about half as much, because mirrored packets
then end behind the receiver.`,
		Example:           "  VSPAN_VCENTER_URL=vc.example.com VSPAN_VCENTER_USERNAME=vspan@vsphere.local \\\n    VSPAN_VCENTER_PASSWORD_FILE=/etc/vspan/password vspan serve --data-dir /var/lib/vspan",
		Args:              cobra.NoArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return serve(cmd, f) },
	}
	f.register(cmd.Flags())
	return cmd
}

func (f *serveFlags) register(flags *pflag.FlagSet) {
	defaults := daemon.Defaults()
	flags.StringVarP(&f.config, "config", "c", "", "configuration file (YAML)")
	flags.StringVar(&f.listen, "listen", defaults.Listen, "where the API listens; loopback only, as long as it knows no rights")
	f.state.register(flags)
	flags.StringVar(&f.vcenter.URL, "vcenter-url", "", "vCenter, e.g. https://vc.example.com")
	flags.StringVar(&f.vcenter.Username, "vcenter-username", "", "user name on vCenter")
	flags.StringVar(&f.vcenter.PasswordFile, "vcenter-password-file", "", "file with the password; it is read again at each login")
	flags.StringVar(&f.vcenter.CAFile, "vcenter-ca-file", "", "PEM certificates to trust instead of the system's")
	flags.StringVar(&f.vcenter.Thumbprint, "vcenter-thumbprint", "", "SHA-256 thumbprint of vCenter's certificate to trust")
	flags.BoolVar(&f.insecure, "vcenter-insecure", false, "do not verify vCenter's certificate: anyone on the path can read the password")
	flags.StringSliceVar(&f.receiverAddresses, "receiver-address", nil, "address of this machine that hosts send mirrors to; default: the one that faces vCenter")
	flags.StringVar(&f.receiverInterface, "receiver-interface", "", "interface to receive on; default: all")
	flags.StringVar(&f.receiverMode, "receiver-mode", daemon.ModeRing, "how packets are counted: ring, or xdp, in the kernel, which costs least and wants --receiver-interface")
	f.outputs.register(flags)
	flags.BoolVar(&f.receiverOff, "no-receiver", false, "receive nothing: sessions are kept, and not judged")
	flags.DurationVar(&f.expiry, "default-expiry", defaults.DefaultLife, "life of a session that does not say one")
	flags.StringVar(&f.payload, "payload", "", "whether the API shows what was mirrored, not only counts it: allow (the default) or deny")
	flags.BoolVar(&f.check, "check", false, "build everything, reach vCenter and open the receiver, say so, and exit")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log more")
}

func serve(cmd *cobra.Command, f serveFlags) error {
	config, err := f.configuration(cmd)
	if err != nil {
		return usageError{err}
	}
	if f.check {
		config.DataDir = config.UsedDataDir() // looking must not make one that then belongs to the wrong user
		if !f.verbose {
			config.Log = slog.New(slog.DiscardHandler) // what it says of each part is the log
		}
	}
	d, err := daemon.New(config)
	if err != nil {
		return err
	}
	if f.check {
		return checkDaemon(cmd, d)
	}
	return d.Run(cmd.Context())
}

// checkTimeout bounds how long vspan serve --check waits for a vCenter.
const checkTimeout = 30 * time.Second

func checkDaemon(cmd *cobra.Command, d *daemon.Daemon) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), checkTimeout)
	defer cancel()
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	failed := false
	for _, c := range d.Check(ctx) {
		word := "ok"
		if !c.OK {
			word, failed = "failed", true
		}
		if _, err := fmt.Fprintf(table, "%s\t%s\t%s\n", word, c.Name, strings.ReplaceAll(c.Message, "\n", "; ")); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed {
		return errors.New("not everything is in order")
	}
	return nil
}

// configuration joins flags, environment and file.
func (f serveFlags) configuration(cmd *cobra.Command) (daemon.Config, error) {
	config := daemon.Defaults()
	config.Log = logger(cmd.ErrOrStderr(), f.verbose)
	config.Version = versionName()
	var file daemon.File
	if f.config != "" {
		var err error
		if file, err = daemon.ReadFile(f.config); err != nil {
			return config, err
		}
		if config, err = file.Over(config); err != nil {
			return config, fmt.Errorf("the configuration %s: %w", f.config, err)
		}
	}
	if cmd.Flags().Changed("listen") {
		config.Listen = f.listen
	}
	config, err := f.state.over(config, cmd.Flags())
	if err != nil {
		return config, err
	}
	if cmd.Flags().Changed("default-expiry") {
		config.DefaultLife = f.expiry
	}
	if err := config.SetPayload(f.payload); err != nil {
		return config, err
	}
	if cmd.Flags().Changed("receiver-mode") {
		config.Receiver.Mode = f.receiverMode
	}
	if err := f.overReceiver(&config.Receiver); err != nil {
		return config, err
	}
	config.VCenters, err = f.vcenters(cmd, file)
	return config, err
}

func (f serveFlags) overReceiver(r *daemon.Receiver) error {
	if f.receiverOff {
		r.Off = true
	}
	if f.receiverInterface != "" {
		r.Interface = f.receiverInterface
	}
	f.outputs.over(&r.Outputs)
	if len(f.receiverAddresses) == 0 {
		return nil
	}
	r.Addresses = nil
	for _, text := range f.receiverAddresses {
		address, err := netip.ParseAddr(text)
		if err != nil || address.IsUnspecified() || address.IsMulticast() {
			return fmt.Errorf("--receiver-address %q is not an address that a host can send to", text)
		}
		r.Addresses = append(r.Addresses, address.Unmap())
	}
	return nil
}

// vcenters returns the vCenters of the file. With one or none there, flags and environment have a say.
func (f serveFlags) vcenters(cmd *cobra.Command, file daemon.File) ([]vcenter.Config, error) {
	if len(file.VCenters) > 1 {
		return severalVCenters(file.VCenters)
	}
	name, inFile := defaultVCenter, vcenter.Settings{}
	if len(file.VCenters) == 1 {
		inFile = file.VCenters[0].Settings()
		if file.VCenters[0].Name != "" {
			name = file.VCenters[0].Name
		}
	}
	flags := f.vcenter
	if cmd.Flags().Changed("vcenter-insecure") {
		flags.Insecure = &f.insecure
	}
	environment, err := vcenter.FromEnvironment(os.Getenv)
	if err != nil {
		return nil, err
	}
	govc, err := vcenter.FromGOVC(os.Getenv)
	if err != nil {
		return nil, err
	}
	config, err := vcenter.Merge(flags, environment, inFile, govc).Config(name)
	return []vcenter.Config{config}, err
}

func severalVCenters(list []daemon.FileVCenter) ([]vcenter.Config, error) {
	var configs []vcenter.Config
	seen := make(map[string]bool)
	for i, v := range list {
		if v.Name == "" || seen[v.Name] {
			return nil, fmt.Errorf("vcenters[%d] of the configuration: want a name of its own, got %q", i, v.Name)
		}
		seen[v.Name] = true
		config, err := v.Settings().Config(v.Name)
		if err != nil {
			return nil, fmt.Errorf("vCenter %q: %w", v.Name, err)
		}
		configs = append(configs, config)
	}
	return configs, nil
}
