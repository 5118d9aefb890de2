//go:build !client

package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/vspan-io/vspan/cmd/vspan/daemon"
)

// stateFlags are the flags of vspan serve that say where the state is kept, and with whom it is shared. A flag comes before the
// configuration file.
type stateFlags struct {
	dataDir      string
	installation string
	onStop       string
	cluster      daemon.FileCluster
	etcd         daemon.FileEtcd
}

func (f *stateFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.dataDir, "data-dir", "", "directory for what must outlive the process; empty: nothing does")
	flags.StringVar(&f.installation, "installation", "", "name of this installation, which stands in the marker of each session; default: the one the state keeps")
	flags.StringVar(&f.onStop, "on-stop", "", "what becomes of the sessions on the switches when the daemon stops: leave (until their expiry; the default) or drain")

	flags.StringVar(&f.cluster.Name, "cluster-name", "", "name of this member, of several that keep the state together in their data directories")
	flags.StringVar(&f.cluster.PeerListen, "cluster-peer-listen", "", "URL to listen on for other members, e.g. https://10.0.0.1:2380")
	flags.StringVar(&f.cluster.PeerAdvertise, "cluster-peer-advertise", "", "URL by which other members reach it; default: --cluster-peer-listen")
	flags.StringVar(&f.cluster.Token, "cluster-token", "", "tells clusters apart when they are made")
	flags.StringVar(&f.cluster.Members, "cluster-members", "", "all members when the cluster is made, or as 'vspan cluster add' told a new one: a=https://10.0.0.1:2380,b=…")
	flags.BoolVar(&f.cluster.Join, "cluster-join", false, "the cluster is there, and 'vspan cluster add' announced this member to it")
	flags.StringVar(&f.cluster.CAFile, "cluster-ca-file", "", "PEM authority of the members' certificates")
	flags.StringVar(&f.cluster.CertFile, "cluster-cert-file", "", "PEM certificate of this member")
	flags.StringVar(&f.cluster.KeyFile, "cluster-key-file", "", "PEM key of this member")

	flags.StringSliceVar(&f.etcd.Endpoints, "etcd-endpoints", nil, "keep the state in this etcd instead, e.g. https://etcd-1:2379,https://etcd-2:2379")
	flags.StringVar(&f.etcd.Prefix, "etcd-prefix", "", "prefix of all keys in it, one for each installation; default: /vspan/")
	flags.StringVar(&f.etcd.CAFile, "etcd-ca-file", "", "PEM authority of its certificates; default: the system's")
	flags.StringVar(&f.etcd.CertFile, "etcd-cert-file", "", "PEM certificate to present to it")
	flags.StringVar(&f.etcd.KeyFile, "etcd-key-file", "", "PEM key of that certificate")
	flags.StringVar(&f.etcd.Username, "etcd-username", "", "user name on it")
	flags.StringVar(&f.etcd.PasswordFile, "etcd-password-file", "", "file with the password")
}

// over lays the flags that were given over the configuration.
func (f *stateFlags) over(c daemon.Config, flags *pflag.FlagSet) (daemon.Config, error) {
	if f.dataDir != "" {
		c.DataDir = f.dataDir
	}
	if f.installation != "" {
		c.Installation = f.installation
	}
	if f.cluster.Name != "" {
		c.Cluster = f.cluster.Cluster()
	} else if given(flags, "cluster-peer-listen", "cluster-peer-advertise", "cluster-token", "cluster-members", "cluster-join", "cluster-ca-file", "cluster-cert-file", "cluster-key-file") {
		return c, fmt.Errorf("the --cluster flags need --cluster-name: which member this one is")
	}
	if len(f.etcd.Endpoints) > 0 {
		c.Etcd = f.etcd.External()
	} else if given(flags, "etcd-prefix", "etcd-ca-file", "etcd-cert-file", "etcd-key-file", "etcd-username", "etcd-password-file") {
		return c, fmt.Errorf("the --etcd flags need --etcd-endpoints: where it is")
	}
	return c, c.SetOnStop(f.onStop)
}

func given(flags *pflag.FlagSet, names ...string) bool {
	for _, name := range names {
		if flags.Changed(name) {
			return true
		}
	}
	return false
}
