package vcenter

import (
	"context"
	"errors"
	"log/slog"

	"github.com/vspan-io/vspan/mirror"
)

var errNotBuilt = errors.New("vcenter: not built yet")

// Client is one vCenter. Its methods may be called by several goroutines; those that speak to vCenter wait for Run to log in.
type Client struct {
	config Config
	log    *slog.Logger
}

// New makes a client that does nothing before Run.
func New(config Config, log *slog.Logger) (*Client, error) {
	return &Client{config: config, log: log}, nil
}

// Run logs in, keeps the login alive and renews it until ctx ends; then it logs out and returns nil.
func (c *Client) Run(ctx context.Context) error { return errNotBuilt }

// Health returns how the connection stands.
func (c *Client) Health() Health { return Health{} }

// SwitchName is a switch as a list shows it.
type SwitchName struct {
	ID   mirror.SwitchID
	Name string
}

// Switches lists the distributed switches, by name.
func (c *Client) Switches(ctx context.Context) ([]SwitchName, error) { return nil, errNotBuilt }

// Observe reads one switch completely.
func (c *Client) Observe(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	return mirror.Switch{}, errNotBuilt
}

// ObserveAll reads every switch completely.
func (c *Client) ObserveAll(ctx context.Context) ([]mirror.Switch, error) { return nil, errNotBuilt }

// Apply carries out changes in one task.
func (c *Client) Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) error {
	return errNotBuilt
}

// Counters reads the counters of some ports.
func (c *Client) Counters(ctx context.Context, id mirror.SwitchID, portKeys []string) ([]mirror.PortCounters, error) {
	return nil, errNotBuilt
}

// Watch calls notify when something of the switch may have changed, until ctx ends; then it returns nil.
func (c *Client) Watch(ctx context.Context, id mirror.SwitchID, notify func()) error {
	return errNotBuilt
}

// MayMirror reports whether the user may change mirror sessions of a switch.
func (c *Client) MayMirror(ctx context.Context, id mirror.SwitchID) (bool, error) {
	return false, errNotBuilt
}
