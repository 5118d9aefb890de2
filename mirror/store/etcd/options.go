package etcd

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Options of a node. The zero value is a node alone with its data directory.
type Options struct {
	// Prefix of all keys; "": Prefix. Daemons that share a state share it.
	Prefix string
	// Daemon is what the others see as the writer: a name that tells daemons apart, e.g. host and process id.
	Daemon string
	// Quota is how many bytes the database may have; 0: DefaultQuota. From 80 % on only tear-down works.
	Quota int64
	// Reserve is how many bytes of the data directory's disk must be free for what is new; 0: DefaultReserve.
	Reserve int64
	// StartTimeout is how long Open waits for a leader; 0: a minute. It is the other members that take long.
	StartTimeout time.Duration
	// Log gets what etcd warns of; nil: nobody does.
	Log *slog.Logger
	// Cluster makes the node one of several members; nil: it is alone and listens nowhere.
	Cluster *Cluster

	tick          time.Duration // of raft: a heartbeat; ten of them without one is an election. 0: by Cluster
	unsafeNoFsync bool          // for the test that shows that syncs matter
}

// The limits of a node.
const (
	// DefaultQuota is enough for 10,000 sessions with a history of some minutes.
	DefaultQuota = 256 << 20
	// DefaultReserve is what etcd needs to go on for a while: the next two segments of its log, 16 MiB each, and as much again for
	// the database to grow by and to be defragmented in.
	DefaultReserve = 64 << 20

	segment    = 16 << 20 // bytes of a file of the log
	maxRequest = 10 << 20 // bytes; a session is at most 1 MiB and most are 1 KiB
	history    = "5m"     // how long a watcher may be away
	snapshots  = 2000     // writes between snapshots: what is replayed at start
)

// Cluster is what a member must know of itself and of the others.
type Cluster struct {
	Name          string // of this member, unique among them
	ListenPeer    string // URL with the address to listen on for other members, e.g. "https://10.0.0.1:2380"
	AdvertisePeer string // URL by which they reach it; "": ListenPeer
	ListenClient  string // URL to listen on for clients; "": only this process is one
	// Token tells clusters apart at their birth.
	Token string
	// Initial is every member at the birth of the cluster, or of a joining member as `cluster add` told it:
	// "a=https://10.0.0.1:2380,b=https://…". It means nothing to a data directory that is in use. "": this member alone.
	Initial string
	// Join: the cluster is there and this member was added to it.
	Join bool

	PeerTLS   TLS // of the connections among members, both ways: https needs it
	ClientTLS TLS // of ListenClient; clients need a certificate of its CA
}

// TLS names PEM files.
type TLS struct {
	CA, Cert, Key string
}

func (t TLS) isZero() bool { return t == TLS{} }

// check refuses what etcd would take and should not.
func (c *Cluster) check() error {
	if c.Name == "" || strings.ContainsAny(c.Name, "=,") {
		return fmt.Errorf("cluster: member name %q: it must not be empty or have = or ,", c.Name)
	}
	for what, listen := range map[string]struct {
		url string
		tls TLS
	}{"peer": {c.ListenPeer, c.PeerTLS}, "advertised peer": {c.advertised(), c.PeerTLS}, "client": {c.ListenClient, c.ClientTLS}} {
		if listen.url == "" && what == "client" {
			continue
		}
		u, err := parseURL(listen.url)
		switch {
		case err != nil:
			return fmt.Errorf("cluster: %s URL: %w", what, err)
		case u.Scheme == "https" && (listen.tls.Cert == "" || listen.tls.Key == "" || listen.tls.CA == ""):
			return fmt.Errorf("cluster: %s URL %s: https needs the files of a certificate, its key and the CA", what, u)
		case u.Scheme == "http" && !isLoopback(u):
			return fmt.Errorf("cluster: %s URL %s: beyond this machine it must be https: who reaches it can change every session", what, u)
		}
	}
	return nil
}

func (c *Cluster) advertised() string {
	if c.AdvertisePeer != "" {
		return c.AdvertisePeer
	}
	return c.ListenPeer
}

func (c *Cluster) initial() string {
	if c.Initial != "" {
		return c.Initial
	}
	return c.Name + "=" + c.advertised()
}

func parseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" || u.Path != "" || u.User != nil {
		return nil, fmt.Errorf("%q is not like https://10.0.0.1:2380", u.Redacted())
	}
	return u, nil
}

func isLoopback(u *url.URL) bool {
	host := u.Hostname()
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}
