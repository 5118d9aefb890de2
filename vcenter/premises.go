package vcenter

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
)

// Premises reads what mirrors on the switches rest on, beside the switches themselves: the hosts' TCP/IP configuration and the
// user's rights, by one read each for the whole vCenter, its certificate and its clock. It never fails: what cannot be read is left
// unsaid, with the reason. Nothing is changed.
func (c *Client) Premises(ctx context.Context, switches []mirror.Switch) doctor.VCenter {
	v := doctor.VCenter{ReadAt: time.Now(), Name: c.config.Name, Address: c.config.address(), User: c.config.Username, Switches: switches}
	v.Certificate = c.lookAtCertificate(ctx)
	err := c.with(ctx, c.config.object()+", what mirrors rest on", func(conn *connection) error {
		about := conn.vim.ServiceContent.About
		v.Product, v.Version, v.APIVersion = about.Name, about.Version, about.ApiVersion
		var err error
		if v.Network, err = conn.network(ctx); err != nil {
			return err
		}
		if _, err = c.list(ctx, conn); err != nil { // which object each switch is
			return err
		}
		v.Rights, err = conn.rights(ctx, c.objects(switches))
		return err
	})
	if err != nil {
		v.Fault = mirror.FaultOf(err, mirror.VCenterUnreachable).Error()
	}
	v.Skew = c.skew()
	return v
}
