package vcenter

import (
	"errors"
	"log/slog"

	"github.com/vspan-io/vspan/mirror"
)

// Client is one vCenter. Its methods may be called by several goroutines; those that speak to vCenter wait for Run to log in, as
// long as their ctx allows, and answer at once while the last login failed.
type Client struct {
	config   Config
	log      *slog.Logger
	state    *state
	doubt    chan struct{} // has an element when a call got no answer: look whether vCenter is there
	switches *directory
	tags     *following
}

// New makes a client that does nothing before Run. It reads the CA file, to refuse a bad one.
func New(config Config, log *slog.Logger) (*Client, error) {
	if config.URL == nil {
		return nil, errors.New("a vCenter without URL")
	}
	if _, err := tlsConfig(config); err != nil {
		return nil, err
	}
	return &Client{
		config:   config,
		log:      log,
		state:    newState(config),
		doubt:    make(chan struct{}, 1),
		switches: &directory{known: make(map[string]SwitchName)},
		tags:     newFollowing(),
	}, nil
}

// Name is the configured name of the vCenter, as in mirror.SwitchID.
func (c *Client) Name() string { return c.config.Name }

// Health returns how the connection stands. It does not speak to vCenter.
func (c *Client) Health() Health {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	return c.state.health
}

// SwitchName is a switch as a list shows it.
type SwitchName struct {
	ID      mirror.SwitchID
	Name    string
	Version string
	ref     reference
}
