package vcenter

import (
	"net"
	"net/url"
	"time"
)

// Config says which vCenter to speak to, as whom, and how its certificate is verified. It is made by [Settings.Config], which
// checks it.
type Config struct {
	Name     string   // what mirror.SwitchID.VCenter holds
	URL      *url.URL // without credentials
	Username string
	Password Secret

	// PasswordFile, when not empty, is read anew at every login, so that a rotated password needs no restart. It comes before
	// Password.
	PasswordFile string

	CAFile     string // PEM certificates to trust instead of the system's
	Thumbprint string // SHA-256 of the server's certificate, upper case hexadecimal pairs joined by colons; trusts it alone
	Insecure   bool   // verify nothing: anyone on the path can read the password

	// Timeout bounds every single call to vCenter; 0 means a minute. It is longer than a wait for updates takes.
	Timeout time.Duration

	// TagInterval is how often the tags of VMs are looked at while they are followed (Client.FollowTags); 0 means 30 s.
	TagInterval time.Duration

	// HostTags has Observe read the tags of hosts and clusters, at most once in a TagInterval. Where they cannot be read, Observe does
	// not fail: they stay what they were.
	HostTags bool
}

const (
	defaultTimeout     = time.Minute
	defaultTagInterval = 30 * time.Second
)

func (c Config) timeout() time.Duration {
	if c.Timeout <= 0 {
		return defaultTimeout
	}
	return c.Timeout
}

func (c Config) tagInterval() time.Duration {
	if c.TagInterval <= 0 {
		return defaultTagInterval
	}
	return c.TagInterval
}

// address is the host and port that is dialled, for messages.
func (c Config) address() string {
	port := c.URL.Port()
	switch {
	case port != "":
	case c.URL.Scheme == "http":
		port = "80"
	default:
		port = "443"
	}
	return net.JoinHostPort(c.URL.Hostname(), port)
}
