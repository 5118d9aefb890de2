package vcenter

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// MayMirror asks vCenter whether the user holds Privilege on a switch. A vCenter may say yes and refuse all the same.
func (c *Client) MayMirror(ctx context.Context, id mirror.SwitchID) (bool, error) {
	granted := false
	err := c.onSwitch(ctx, id, func(conn *connection, name SwitchName) error {
		user, err := conn.login.UserSession(ctx)
		if err != nil {
			return err
		}
		if user == nil {
			return errLoginGone
		}
		manager := conn.vim.ServiceContent.AuthorizationManager
		if manager == nil {
			return mirror.Faultf(mirror.NotSupported, c.config.object(), "does not tell what a user may do")
		}
		res, err := methods.HasUserPrivilegeOnEntities(ctx, conn.vim, &types.HasUserPrivilegeOnEntities{
			This:     *manager,
			Entities: []reference{name.ref},
			UserName: user.UserName, // as vCenter spells it, e.g. VSPHERE.LOCAL\vspan
			PrivId:   []string{Privilege},
		})
		if err != nil {
			return err
		}
		granted = holds(res.Returnval)
		return nil
	})
	return granted, err
}

func holds(entities []types.EntityPrivilege) bool {
	for _, e := range entities {
		for _, p := range e.PrivAvailability {
			if p.PrivId == Privilege {
				return p.IsGranted
			}
		}
	}
	return false
}
