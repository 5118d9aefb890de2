package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// External is somebody else's etcd.
type External struct {
	Endpoints []string // URLs, e.g. "https://etcd-1:2379"
	TLS       TLS      // CA that signed the endpoints' certificates, "" for the system's; Cert and Key of this client, if etcd wants one

	Username     string // "" when etcd has no users
	PasswordFile string // holds the password, and perhaps a line feed

	// Prefix of all keys; "": Prefix. Daemons that share a state share it, others may not.
	Prefix string
	// Daemon is what the others see as the writer: see Options.
	Daemon string
	// Log gets what the client warns of; nil: nobody does.
	Log *slog.Logger
}

// Connect connects to an etcd and returns once it has answered. The Store needs its Run to stay in order. Compaction, quota and
// backups of that etcd are its owner's.
func Connect(ctx context.Context, e External) (*Store, error) {
	config, err := e.config()
	if err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", err)
	}
	client, err := clientv3.New(config)
	if err != nil {
		return nil, fmt.Errorf("connect to etcd at %s: %w: see that it runs and that user, password and certificates are right",
			strings.Join(e.Endpoints, ", "), err)
	}
	s := newStore(client, e.Prefix, e.Daemon, strings.Join(e.Endpoints, ", "), e.Log)
	if err := s.refuseNewer(ctx); err != nil {
		return nil, fmt.Errorf("connect to etcd: %w", errors.Join(err, s.Close()))
	}
	return s, nil
}

func (e External) config() (clientv3.Config, error) {
	c := clientv3.Config{
		Endpoints: e.Endpoints, Username: e.Username, Logger: logger(orQuiet(e.Log), newTrouble()),
		DialTimeout: patience / 2, DialKeepAliveTime: patience / 2, DialKeepAliveTimeout: patience / 2,
		MaxCallSendMsgSize: maxRequest, BackoffWaitBetween: 100 * time.Millisecond,
	}
	if len(e.Endpoints) == 0 {
		return c, errors.New("no endpoint is given")
	}
	secure := false
	for _, endpoint := range e.Endpoints {
		u, err := parseURL(endpoint)
		switch {
		case err != nil:
			return c, fmt.Errorf("endpoint: %w", err)
		case u.Scheme == "http" && e.Username != "" && !isLoopback(u):
			return c, fmt.Errorf("endpoint %s: the password would be readable on its way: use https", endpoint)
		}
		secure = secure || u.Scheme == "https"
	}
	if e.PasswordFile != "" {
		b, err := os.ReadFile(e.PasswordFile)
		if err != nil {
			return c, fmt.Errorf("password of %q: %w", e.Username, err)
		}
		c.Password = strings.TrimRight(string(b), "\r\n")
	}
	if secure {
		info := transport.TLSInfo{TrustedCAFile: e.TLS.CA, CertFile: e.TLS.Cert, KeyFile: e.TLS.Key}
		tls, err := info.ClientConfig()
		if err != nil {
			return c, fmt.Errorf("TLS: %w", err)
		}
		c.TLS = tls
	}
	return c, nil
}
