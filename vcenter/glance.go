package vcenter

import (
	"context"

	"github.com/vspan-io/vspan/mirror"
)

// Glance reads the sessions and the version of a switch anew, by one call, and leaves the rest as the given read found it. It is for
// another try right after somebody else's change came first: a complete read takes so long that who changes the switch often would
// come first again and again.
func (c *Client) Glance(ctx context.Context, sw mirror.Switch) (mirror.Switch, error) {
	err := c.onSwitch(ctx, sw.ID, func(conn *connection, name SwitchName) error {
		r, err := c.readSwitch(ctx, conn, name)
		if err != nil {
			return err
		}
		sw.Sessions, sw.ConfigVersion = r.sw.Sessions, r.sw.ConfigVersion
		return nil
	})
	return sw, err
}
