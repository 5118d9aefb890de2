package daemon

import (
	"errors"
	"fmt"
	"os"

	"github.com/vspan-io/vspan/mirror/store/etcd"
)

// checkState refuses what cannot be where the state is kept.
func (c Config) checkState() error {
	switch {
	case c.Installation != "" && !installationPattern().MatchString(c.Installation):
		return fmt.Errorf("%q cannot be the name of an installation: want 8 to 64 letters, digits and hyphens", c.Installation)
	case c.Cluster != nil && c.DataDir == "":
		return errors.New("a member of a cluster keeps its part of the state in a directory: say it with --data-dir")
	case c.Cluster != nil && c.Etcd != nil:
		return errors.New("the state is kept by a cluster of daemons (--cluster-name) or in an etcd of yours (--etcd-endpoints), not both")
	default:
		return nil
	}
}

// shared reports whether other daemons may have a part in the state.
func (c Config) shared() bool { return c.Cluster != nil || c.Etcd != nil }

func (c Config) etcdOptions() etcd.Options {
	return etcd.Options{Daemon: c.daemonName(), Log: c.Log.With("of", "store"), Cluster: c.Cluster}
}

func (c Config) external() etcd.External {
	e := *c.Etcd
	e.Daemon, e.Log = c.daemonName(), c.Log.With("of", "store")
	return e
}

// daemonName tells this daemon from others in what people read.
func (c Config) daemonName() string {
	if c.Cluster != nil {
		return c.Cluster.Name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s (pid %d)", host, os.Getpid())
}

// SetOnStop sets what becomes of what stands on the switches when the daemon stops: "leave" or "drain"; "" changes nothing.
func (c *Config) SetOnStop(what string) error {
	switch what {
	case "":
	case "leave":
		c.Drain = false
	case "drain":
		c.Drain = true
	default:
		return fmt.Errorf("on stop %q: want leave or drain", what)
	}
	return nil
}
