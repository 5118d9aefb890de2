package main

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/mirror"
)

// sessionRequest is what the flags of "session create" ask for.
type sessionRequest struct {
	flags *pflag.FlagSet // those that say what is asked for, which a file does instead
	file  string

	vms, nics, portgroups, portKeys []string
	direction                       string

	receiver      string
	collectors    []string
	encapsulation string
	id, cos       int
	nanoseconds   bool

	snapLength, sampling        int
	netstack, vcenter, onSwitch string
	life                        time.Duration
	expires                     string
	onDrift                     string
	disabled                    bool
	labels                      map[string]string
}

// addFlags gives cmd the flags.
func (r *sessionRequest) addFlags(cmd *cobra.Command) {
	r.flags = pflag.NewFlagSet("request", pflag.ContinueOnError)
	r.addSourceFlags(r.flags)
	r.addMirrorFlags(r.flags)
	r.addLifeFlags(r.flags)
	cmd.Flags().AddFlagSet(r.flags)
	cmd.Flags().StringToStringVar(&r.labels, "label", nil, "label the session, as key=value; may be repeated")
	cmd.Flags().StringVarP(&r.file, "file", "f", "", "take the request from this JSON file, as PUT /v1/sessions/NAME takes it; - is the standard input")
}

func (r *sessionRequest) addSourceFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&r.vms, "vm", nil, "mirror this VM; may be repeated")
	f.StringArrayVar(&r.nics, "nic", nil, `of the VM only this adapter, e.g. "Network adapter 1"; may be repeated`)
	f.StringArrayVar(&r.portgroups, "portgroup", nil, "mirror every VM of this distributed portgroup; may be repeated")
	f.StringArrayVar(&r.portKeys, "port-key", nil, "mirror this port of the switch, see 'vspan ports'; may be repeated")
	f.StringVar(&r.direction, "direction", "both", "both, from-vm or to-vm, as the VM sees it")
	f.StringVar(&r.vcenter, "vcenter", "", "vCenter, by the name the daemon has for it; left out when the sources settle it")
	f.StringVar(&r.onSwitch, "switch", "", "distributed switch; left out when the sources settle it")
}

func (r *sessionRequest) addMirrorFlags(f *pflag.FlagSet) {
	f.StringVar(&r.receiver, "receiver", mirror.LocalReceiver, "send the mirror to this receiver of the daemon's")
	f.StringArrayVar(&r.collectors, "to", nil, "send the mirror to this address, a collector that vspan cannot see into; may be repeated")
	f.StringVar(&r.encapsulation, "encapsulation", "erspan2", "erspan2, erspan3 or gre")
	f.IntVar(&r.id, "erspan-id", 0, "ERSPAN session id, 1 to 1023; 0: one that is free is allocated")
	f.IntVar(&r.cos, "cos", 0, "class of service in the ERSPAN header, 0 to 7")
	f.BoolVar(&r.nanoseconds, "nanoseconds", false, "erspan3: time stamps in nanoseconds rather than microseconds")
	f.IntVar(&r.snapLength, "snap-length", 0, "mirror this many bytes of each frame, at least 60; 0: whole frames")
	f.IntVar(&r.sampling, "sampling", 1, "mirror one of this many packets")
	f.StringVar(&r.netstack, "netstack", "", "TCP/IP stack of the hosts that sends the mirror")
}

func (r *sessionRequest) addLifeFlags(f *pflag.FlagSet) {
	f.DurationVar(&r.life, "for", 0, "remove the session after this time, e.g. 1h30m; left out: the daemon's default")
	f.StringVar(&r.expires, "expires", "", "remove the session at this time, e.g. 2030-01-01T12:00:00Z; never: it stays until it is deleted")
	f.StringVar(&r.onDrift, "on-drift", "repair", "when somebody changes the session on the switch: repair, or report and leave it")
	f.BoolVar(&r.disabled, "disabled", false, "create the session without enabling it")
}
