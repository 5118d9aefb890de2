package vcenter

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// longestWait is how long vCenter is asked to hold a call until something changes.
const longestWait = 20 * time.Second

// updates is a property collector of its own, for one purpose: filters can be told apart from those of others no other way.
type updates struct {
	conn      *connection
	collector reference
	version   string
	wait      int32 // seconds
}

// follow starts to collect the changes of some properties; close ends it.
func (c *connection) follow(ctx context.Context, timeout time.Duration, specs ...types.PropertyFilterSpec) (*updates, error) {
	res, err := methods.CreatePropertyCollector(ctx, c.vim, &types.CreatePropertyCollector{This: c.vim.ServiceContent.PropertyCollector})
	if err != nil {
		return nil, err
	}
	u := &updates{conn: c, collector: res.Returnval, wait: int32(max(time.Second, min(longestWait, timeout/2)) / time.Second)}
	for _, spec := range specs {
		if _, err := methods.CreateFilter(ctx, c.vim, &types.CreateFilter{This: u.collector, Spec: spec}); err != nil {
			u.close(ctx)
			return nil, err
		}
	}
	return u, nil
}

// next waits for changes, a while: it returns none when there were none. The first call returns everything as it stands.
func (u *updates) next(ctx context.Context) ([]types.ObjectUpdate, error) {
	res, err := methods.WaitForUpdatesEx(ctx, u.conn.vim, &types.WaitForUpdatesEx{
		This:    u.collector,
		Version: u.version,
		Options: &types.WaitOptions{MaxWaitSeconds: &u.wait},
	})
	if err != nil || res.Returnval == nil {
		return nil, err
	}
	u.version = res.Returnval.Version
	var changes []types.ObjectUpdate
	for _, f := range res.Returnval.FilterSet {
		changes = append(changes, f.ObjectSet...)
	}
	return changes, nil
}

// close works after the end of ctx as well. A collector that is left over goes with the login.
func (u *updates) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	_, _ = methods.DestroyPropertyCollector(ctx, u.conn.vim, &types.DestroyPropertyCollector{This: u.collector})
}
